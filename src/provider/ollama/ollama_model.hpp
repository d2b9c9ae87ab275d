#pragma once
#include "provider/chat_model.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace gibsey::provider {

struct OllamaOptions {
  std::string base_url = "http://localhost:11434";  ///< OLLAMA_BASE_URL; http or https (verified)
  std::string model = "llama3:8b";                  ///< OLLAMA_MODEL
  std::chrono::seconds connect_timeout{5};
  std::chrono::seconds first_byte_timeout{300};  ///< OLLAMA_TIMEOUT: the server may have to load the model
  std::chrono::seconds idle_timeout{60};         ///< between two pieces of the answer
  int context_tokens = 8192;                     ///< sent as options.num_ctx; Ollama's own default cuts prompts silently
  bool is_small = false;
};

/// Ollama's POST /api/chat. Reasoning ("thinking") is left out. Safe to call from any executor.
class OllamaModel : public ChatModel {
 public:
  /// Errors: invalid_argument (the address cannot be read).
  static Result<std::unique_ptr<OllamaModel>> create(OllamaOptions options);

  /// Connects and sends; errors before the first token come from here or from the first next(). Errors besides those of
  /// ChatModel: deadline.
  Async<std::unique_ptr<TokenStream>> start(ChatRequest request) override;
  [[nodiscard]] std::string provider() const override { return "ollama"; }
  [[nodiscard]] std::string model() const override { return options_.model; }
  [[nodiscard]] bool supports_opening() const override { return false; }
  [[nodiscard]] int context_tokens() const override { return options_.context_tokens; }
  [[nodiscard]] bool is_small() const override { return options_.is_small; }
  /// A quarter of the characters, rounded up: Ollama has no call that counts.
  [[nodiscard]] int count_tokens(const std::string& text) const override;

 private:
  explicit OllamaModel(OllamaOptions options) : options_(std::move(options)) {}
  OllamaOptions options_;
};

}  // namespace gibsey::provider
