#include "ingest/page_event.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace gibsey::ingest {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kLongestName = 1000;

/// An object without its envelope {"schema":...,"payload":{...}}.
Result<Json> object_of(std::string_view text, const char* what) {
  auto json = Json::parse(text, nullptr, false);
  if (json.is_object() && json.size() == 2 && json.contains("schema") && json.contains("payload")) {
    auto payload = std::move(json["payload"]);
    json = std::move(payload);
  }
  if (!json.is_object()) return fail(ErrorCode::invalid_argument, fmt::format("its {} is no JSON object", what));
  return json;
}

/// The text of a field that stands by itself or in a cell; "" where it is not told.
Result<std::string> text_of(const Json& object, const char* name) {
  if (!object.is_object() || !object.contains(name)) return std::string();
  const auto* value = &object[name];
  if (value->is_object()) {
    if (!value->contains("value")) return fail(ErrorCode::invalid_argument, fmt::format("the cell {} has no value", name));
    value = &(*value)["value"];
  }
  if (value->is_null()) return std::string();
  if (value->is_number_integer()) return fmt::format("{}", value->get<std::int64_t>());
  if (!value->is_string()) return fail(ErrorCode::invalid_argument, fmt::format("{} is neither a text nor a number", name));
  auto text = value->get<std::string>();
  if (text.size() > kLongestName) return fail(ErrorCode::invalid_argument, fmt::format("{} is too long", name));
  return text;
}

/// The first that is told, of the key before that of the row.
Result<std::string> first_of(const Json& key, const Json& row, std::initializer_list<const char*> names) {
  for (const auto* object : {&key, &row}) {
    for (const auto* name : names) {
      GIBSEY_TRY(auto text, text_of(*object, name));
      if (!text.empty()) return text;
    }
  }
  return std::string();
}

std::int64_t number_of(const Json& value, const char* name) {
  return value.contains(name) && value[name].is_number_integer() ? value[name].get<std::int64_t>() : 0;
}

/// The op of ours and of Debezium, whose other connectors say c for i and r for a row of a snapshot.
Result<bool> is_removal(const Json& value) {
  const auto op = value.contains("op") && value["op"].is_string() ? value["op"].get<std::string>() : std::string();
  if (op == "d") return true;
  if (op == "i" || op == "u" || op == "c" || op == "r") return false;
  return fail(ErrorCode::invalid_argument, "its op is none of i, u and d");
}

}  // namespace

feed::Event to_feed_event(const PageEvent& event) {
  const Json key{{"page_id", event.page_id}, {"world", event.world}};
  auto value = key;
  value["op"] = event.removed ? "d" : event.version == 1 ? "i" : "u";
  value["version"] = event.version;
  value["seq"] = event.seq;
  const auto text = [](const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); };
  return {.key = text(key), .value = text(value), .headers = {}, .time = 0};
}

Result<PageEvent> read_page_event(std::string_view key_text, std::string_view value_text, const std::string& default_world) {
  auto key = Json::object();
  if (!key_text.empty()) {
    GIBSEY_TRY(key, object_of(key_text, "key"));
  }
  auto value = Json{{"op", "d"}};
  if (!value_text.empty()) {
    GIBSEY_TRY(value, object_of(value_text, "value"));
  }
  const bool debezium = value.contains("after") || value.contains("before");
  const auto& row = !debezium ? value : value.contains("after") && value["after"].is_object() ? value["after"] : value["before"];
  PageEvent event;
  GIBSEY_TRY(event.removed, is_removal(value));
  GIBSEY_TRY(event.page_id, first_of(key, row, {"page_id", "id"}));
  GIBSEY_TRY(event.world, first_of(key, row, {"world"}));
  if (event.page_id.empty()) return fail(ErrorCode::invalid_argument, "it names no page");
  if (event.world.empty()) event.world = default_world;
  if (event.world.empty()) return fail(ErrorCode::invalid_argument, "it names no world");
  if (debezium) return event;
  event.version = number_of(value, "version");
  event.seq = number_of(value, "seq");
  return event;
}

}  // namespace gibsey::ingest
