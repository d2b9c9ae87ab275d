#include "provider/chat_model.hpp"

namespace gibsey::provider {

const char* to_string(Role role) {
  switch (role) {
    case Role::system: return "system";
    case Role::user: return "user";
    case Role::assistant: return "assistant";
  }
  return "user";
}

}  // namespace gibsey::provider
