#include "provider/llama/llama_chat.hpp"

namespace gibsey::provider {

Async<std::unique_ptr<TokenStream>> LlamaChat::start(ChatRequest request) {
  co_return engine_.submit(std::move(request));
}

bool LlamaChat::is_small() const {
  return engine_.chat_model().parameters < 1'000'000'000;
}

}  // namespace gibsey::provider
