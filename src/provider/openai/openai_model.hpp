#pragma once
#include "provider/chat_model.hpp"
#include "provider/upstream.hpp"

#include <memory>
#include <string>
#include <utility>

namespace gibsey::provider {

class ServedModel;

/// POST /chat/completions of OpenAI and of the many servers that speak as it does. Reasoning is left out and counted. What a
/// model refuses (max_tokens, a temperature, stream_options ...) is left out of the requests that follow. Safe to call from any
/// executor.
class OpenAiModel : public ChatModel {
 public:
  /// "/v1" is put in where the base is a host alone. Errors: invalid_argument (the address cannot be read).
  static Result<std::unique_ptr<OpenAiModel>> create(UpstreamOptions options);
  ~OpenAiModel() override;

  /// Sends nothing: the first next() does, and gives the errors that come before the first token: busy, unavailable, too_large,
  /// deadline, forbidden (the key is refused, the account is empty), not_found (no such model). Errors of its own:
  /// invalid_argument (no message). The stream may outlive the model.
  Async<std::unique_ptr<TokenStream>> start(ChatRequest request) override;
  [[nodiscard]] std::string provider() const override;
  [[nodiscard]] std::string model() const override;
  /// The protocol has none. vLLM continues a last message of the assistant where continue_final_message is sent, llama-server
  /// always; others answer it, and none of them says which it does.
  [[nodiscard]] bool supports_opening() const override { return false; }
  [[nodiscard]] int context_tokens() const override;
  [[nodiscard]] bool is_small() const override;
  /// An estimate that learns from the server's counts.
  [[nodiscard]] int count_tokens(const std::string& text) const override;
  /// Asks for the list of models, within 10 s. A server without one is there all the same, and the list is not held against the
  /// model's name: many servers take names that they do not list. Errors: unavailable, forbidden, busy, deadline.
  Async<void> check() override;

 private:
  explicit OpenAiModel(std::shared_ptr<ServedModel> served) : served_(std::move(served)) {}
  std::shared_ptr<ServedModel> served_;
};

}  // namespace gibsey::provider
