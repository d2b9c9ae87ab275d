#include "store/redis/message_list.hpp"

#include <nlohmann/json.hpp>

namespace gibsey::store::redis {

namespace {

using Json = nlohmann::json;

std::string quoted(const std::string& text) {
  return Json(text).dump(-1, ' ', true, Json::error_handler_t::replace);
}

bool is_message(const Json& entry) {
  return entry.is_object() && entry.contains("role") && entry["role"].is_string() && entry.contains("content") &&
         entry["content"].is_string();
}

}  // namespace

std::string encode_messages(const std::vector<WindowMessage>& messages) {
  std::string text = "[";
  for (const auto& message : messages) {
    if (text.size() > 1) text += ", ";
    text += R"({"role": )" + quoted(message.role) + R"(, "content": )" + quoted(message.content) + "}";
  }
  return text + "]";
}

Result<std::vector<WindowMessage>> decode_messages(std::string_view text) {
  std::vector<WindowMessage> messages;
  if (text.empty()) return messages;
  const auto list = Json::parse(text, nullptr, false);
  if (!list.is_array()) return fail(ErrorCode::corrupt, "the history of a conversation in Redis is no JSON list");
  for (const auto& entry : list) {
    if (!is_message(entry)) return fail(ErrorCode::corrupt, "the history of a conversation in Redis holds what is no message");
    messages.push_back({entry["role"].get<std::string>(), entry["content"].get<std::string>()});
  }
  return messages;
}

}  // namespace gibsey::store::redis
