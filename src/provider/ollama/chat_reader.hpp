#pragma once
#include "base/result.hpp"
#include "net/ndjson.hpp"
#include "provider/chat_model.hpp"
#include "provider/reasoning_filter.hpp"
#include "provider/reply_text.hpp"
#include "provider/token_estimate.hpp"

#include <nlohmann/json_fwd.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
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
  int made = 0;           ///< eval_count: tokens of the reply
};

/// Whether the server took less of the prompt than it was sent, or dropped some of it for the reply: past the context's end it
/// goes on without the first half. A count below the estimate alone is no proof: some versions leave out what they had in their
/// cache (ollama issues 2068, 3427, 16414), so it must also be where a cut ends: at the context's size, or at a whole number of
/// 1,024 tokens, which is how the contexts of models and servers are given.
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

/// Reads Ollama's stream of lines from its bytes, cut anywhere. Does no I/O.
class ChatReader {
 public:
  ChatReader(std::shared_ptr<OllamaLearned> learned, ChatStreamInputs inputs);

  void feed(std::string_view bytes);
  /// The body has come to its end.
  void end();
  /// The next piece of the reply in what was fed, valid UTF-8, never empty; nullopt: feed more, or it is over(). Errors, after
  /// which the reader must not be used: too_large (as the server says), unavailable (its error, a broken stream, a reply that is
  /// all thought).
  [[nodiscard]] Result<std::optional<std::string>> take();
  /// What was held back, of a reply that its reader stops here.
  [[nodiscard]] std::optional<std::string> cut();

  /// All has been taken; what may come further does not matter.
  [[nodiscard]] bool over() const { return over_; }
  /// Grows with each piece of text or thought.
  [[nodiscard]] std::size_t heard() const { return heard_; }
  /// Whole once it is over().
  [[nodiscard]] const Generated& generated() const { return generated_; }

 private:
  Result<std::string> read_line(const std::string& line);
  std::string read_content(const std::string& content);
  Result<std::string> read_end(const nlohmann::json& line);
  Result<void> judge_end(const std::string& reason);
  void read_counts(const nlohmann::json& line);
  struct Counted {
    std::size_t bytes = 0;
    int tokens = 0;
  };
  void learn(Counted prompt, bool is_whole, Counted reply);
  void warn_of_cut(int evaluated);
  std::optional<std::string> last();

  std::shared_ptr<OllamaLearned> learned_;
  const ChatStreamInputs inputs_;
  const bool began_inside_;
  net::NdjsonReader lines_reader_;
  std::vector<std::string> lines_;
  std::size_t next_line_ = 0;
  std::optional<Error> broken_;
  ReasoningFilter reasoning_;
  ReplyText text_;
  std::size_t reply_bytes_ = 0;  ///< text and thoughts
  std::size_t heard_ = 0;
  int thought_characters_ = 0;  ///< in `thinking`
  bool said_ = false;
  bool counted_ = false;
  bool ended_ = false;  ///< the server has said so, or a stop string has come
  bool body_ended_ = false;
  bool over_ = false;
  Generated generated_;
};

}  // namespace gibsey::provider
