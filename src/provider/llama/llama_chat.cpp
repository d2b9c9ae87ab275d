#include "provider/llama/llama_chat.hpp"

namespace gibsey::provider {

Async<std::unique_ptr<TokenStream>> LlamaChat::start(ChatRequest request) {
  co_return engine_.submit(std::move(request));
}

bool LlamaChat::is_small() const {
  return static_cast<std::int64_t>(engine_.chat_model().parameters) < small_below_;
}

}  // namespace gibsey::provider
