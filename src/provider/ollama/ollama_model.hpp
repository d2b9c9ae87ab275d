#pragma once
#include "provider/chat_model.hpp"
#include "provider/ollama/ollama_address.hpp"
#include "provider/upstream.hpp"

#include <atomic>
#include <memory>
#include <string>

namespace gibsey::provider {

struct OllamaLearned;
class UpstreamReply;

/// Ollama's POST /api/chat. Reasoning, in `thinking` and in the text, is left out and counted. The model is asked not to think
/// aloud; one that does all the same gets tokens for it from the next reply on. A prompt that the server cut is noticed and told
/// in the log, once. Safe to call from any executor.
class OllamaModel : public ChatModel {
 public:
  /// The address may be a base or the whole endpoint (OLLAMA_URL). Errors: invalid_argument (it cannot be read).
  static Result<std::unique_ptr<OllamaModel>> create(UpstreamOptions options);

  /// Connects and sends; errors before the first token come from here or from the first next(). Before the first opening the
  /// model's template is asked for. Errors besides those of ChatModel: deadline, not_found (no such model), forbidden (by a
  /// gateway), unavailable also for an opening that the template would close.
  Async<std::unique_ptr<TokenStream>> start(ChatRequest request) override;
  [[nodiscard]] std::string provider() const override { return options_.name; }
  [[nodiscard]] std::string model() const override { return options_.model; }
  /// A last message of the assistant is left open by most templates (ollama issue 6778): true until the model's is known. A tiny
  /// model is better with an opening in a message of its own than without.
  [[nodiscard]] bool supports_opening() const override { return options_.is_small || openings_ != Openings::closed; }
  [[nodiscard]] int context_tokens() const override { return options_.context_tokens; }
  [[nodiscard]] bool is_small() const override { return options_.is_small; }
  /// An estimate that learns from the server's counts: Ollama has no call that counts.
  [[nodiscard]] int count_tokens(const std::string& text) const override;
  /// GET /api/tags, and whether the model is there.
  Async<void> check() override;

 private:
  enum class Openings { unknown, left_open, closed };

  OllamaModel(UpstreamOptions options, OllamaAddress address);
  Async<void> check_template(Deadline deadline);
  [[nodiscard]] Error refused(const UpstreamReply& reply, const std::string& body) const;

  UpstreamOptions options_;
  OllamaAddress address_;
  std::string who_;
  std::shared_ptr<OllamaLearned> learned_;
  std::atomic<Openings> openings_ = Openings::unknown;
};

}  // namespace gibsey::provider
