#pragma once
#include "provider/chat_model.hpp"

namespace gibsey::app {

/// The chat model of a process without the role `chat`: there is none.
class AbsentModel final : public provider::ChatModel {
 public:
  provider::Async<std::unique_ptr<provider::TokenStream>> start(provider::ChatRequest) override {
    co_return fail(ErrorCode::unavailable, "this process has no chat role and no model");
  }
  [[nodiscard]] std::string provider() const override { return "none"; }
  [[nodiscard]] std::string model() const override { return ""; }
  [[nodiscard]] bool supports_opening() const override { return false; }
  [[nodiscard]] int context_tokens() const override { return 0; }
  [[nodiscard]] bool is_small() const override { return false; }
  [[nodiscard]] int count_tokens(const std::string& text) const override { return static_cast<int>(text.size() / 4); }
};

}  // namespace gibsey::app
