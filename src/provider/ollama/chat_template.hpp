#pragma once
#include <string_view>

namespace gibsey::provider {

/// Whether a template of Ollama, as /api/show gives it, leaves a last message of the assistant open, so that the model goes on
/// with it. Those of Ollama's library do; those that `ollama create` chooses for a bare GGUF (ChatML, Llama 3, Zephyr ...) close
/// it, and the model begins another message.
[[nodiscard]] bool leaves_reply_open(std::string_view chat_template);

}  // namespace gibsey::provider
