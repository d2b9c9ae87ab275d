#pragma once
#include "provider/llama/engine.hpp"

#include <cstdint>

namespace gibsey::provider {

/// The engine's chat model. `engine` must have one and outlive this.
class LlamaChat : public ChatModel {
 public:
  /// Models with fewer parameters than `small_below` are small.
  explicit LlamaChat(LlamaEngine& engine, std::int64_t small_below = 1'000'000'000)
      : engine_(engine), small_below_(small_below) {}

  Async<std::unique_ptr<TokenStream>> start(ChatRequest request) override;
  [[nodiscard]] std::string provider() const override { return "local"; }
  [[nodiscard]] std::string model() const override { return engine_.chat_model().name; }
  [[nodiscard]] bool in_process() const override { return true; }
  [[nodiscard]] bool supports_opening() const override { return true; }
  [[nodiscard]] bool locks_quotes() const override { return true; }
  [[nodiscard]] int context_tokens() const override { return engine_.chat_model().context_tokens; }
  [[nodiscard]] bool is_small() const override;
  [[nodiscard]] int count_tokens(const std::string& text) const override { return engine_.count_tokens(text); }

 private:
  LlamaEngine& engine_;
  std::int64_t small_below_;
};

}  // namespace gibsey::provider
