#include "provider/ollama/chat_template.hpp"

namespace gibsey::provider {

bool leaves_reply_open(std::string_view chat_template) {
  // Without .Messages it is of the older kind, which Ollama cuts off at .Response.
  if (!chat_template.contains(".Messages")) return true;
  return chat_template.contains("not $last") || chat_template.contains("not (eq (len (slice");
}

}  // namespace gibsey::provider
