#pragma once
#include "provider/chat_model.hpp"
#include "provider/reasoning_filter.hpp"
#include "provider/reply_text.hpp"
#include "provider/token_estimate.hpp"
#include "provider/upstream_reply.hpp"

#include "net/ndjson.hpp"

#include <nlohmann/json_fwd.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gibsey::provider {

/// What the replies of one model teach about it; shared with the streams, which may outlive it.
struct OllamaLearned {
  TokenEstimate tokens;
  std::atomic<bool> refuses_think = false;  ///< the server takes no word about thinking
  std::atomic<bool> thinks = false;
  std::atomic<bool> begins_inside = false;  ///< the template opens the tag of its reasoning
  std::atomic<bool> warned_of_cut = false;
};

/// The counts of a finished prompt.
struct PromptCount {
  int evaluated = 0;      ///< prompt_eval_count; 0 where the server said nothing
  bool is_whole = false;  ///< the server tells its cached tokens apart, so the count is of the whole prompt
  int estimate = 0;       ///< ours
  int context = 0;        ///< num_ctx as sent
};

/// Whether the server took less of the prompt than it was sent. A count below the estimate alone is no proof: some versions leave
/// out what they had in their cache (ollama issues 2068, 3427, 16414), so it must also be where a cut ends: at the context's
/// size, or at a whole number of 1,024 tokens, which is how the contexts of models and servers are given.
[[nodiscard]] bool prompt_was_cut(const PromptCount& count);

struct ChatStreamInputs {
  std::string who;    ///< as messages name the server
  std::string model;  ///< as messages name it
  std::string secret;
  std::vector<std::string> stop;
  std::size_t prompt_bytes = 0;
  int prompt_estimate = 0;  ///< tokens
  int context_tokens = 0;
  bool goes_on = false;  ///< the reply was begun by an opening: no template opens reasoning there
};

/// Ollama's stream of lines. Errors of next() besides those of TokenStream: deadline.
class ChatStream final : public TokenStream {
 public:
  ChatStream(std::unique_ptr<UpstreamReply> reply, std::shared_ptr<OllamaLearned> learned, ChatStreamInputs inputs);

  Async<std::optional<std::string>> next() override;
  [[nodiscard]] Generated generated() const override { return generated_; }
  void stop() override;

 private:
  Result<std::string> read_line(const std::string& line);
  std::string read_content(const std::string& content);
  Result<std::string> read_end(const nlohmann::json& line);
  Result<void> judge_end(const std::string& reason);
  void read_counts(const nlohmann::json& line);
  void warn_of_cut(int evaluated);
  std::optional<std::string> last_piece();

  std::unique_ptr<UpstreamReply> reply_;
  std::shared_ptr<OllamaLearned> learned_;
  const ChatStreamInputs inputs_;
  const bool began_inside_;
  net::NdjsonReader reader_;
  ReasoningFilter reasoning_;
  ReplyText text_;
  std::vector<std::string> lines_;
  std::size_t line_ = 0;
  std::size_t reply_bytes_ = 0;  ///< text and thoughts
  int thought_characters_ = 0;   ///< in `thinking`
  bool said_ = false;
  bool counted_ = false;
  bool ended_ = false;
  std::atomic<bool> stop_asked_ = false;
  Generated generated_;
};

}  // namespace gibsey::provider
