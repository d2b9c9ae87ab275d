#include "server/request_fields.hpp"

#include "base/utf8.hpp"
#include "server/problem.hpp"

#include <fmt/format.h>

#include <charconv>

namespace gibsey::server {
namespace {

std::unexpected<net::HttpResponse> wrong(std::string_view name, const std::string& detail) {
  return std::unexpected(problem(422, detail, name));
}

/// C0, DEL and C1 controls; line breaks and tabs only where they may be.
bool allowed(char32_t c, bool several_lines) {
  if (several_lines && (c == U'\n' || c == U'\r' || c == U'\t')) return true;
  return c >= 0x20 && !(c >= 0x7F && c < 0xA0);
}

const Json* find(const Json& object, std::string_view name) {
  const auto at = object.find(name);
  return at == object.end() || at->is_null() ? nullptr : &*at;
}

Field<std::int64_t> number_of(const Json& value, std::string_view name, std::int64_t least, std::int64_t most) {
  const bool small_enough = value.is_number_integer() && (!value.is_number_unsigned() || value.get<std::uint64_t>() <= INT64_MAX);
  if (!small_enough || value.get<std::int64_t>() < least || value.get<std::int64_t>() > most) {
    return wrong(name, fmt::format("The field '{}' must be a whole number from {} to {}.", name, least, most));
  }
  return value.get<std::int64_t>();
}

}  // namespace

Field<Json> parse_object(const std::string& body) {
  auto parsed = Json::parse(body, nullptr, false);
  // The parser takes a NUL for the end of the text, and what follows it for nothing.
  if (parsed.is_discarded() || body.find('\0') != std::string::npos)
    return std::unexpected(problem(400, "The body is not valid JSON in UTF-8."));
  if (!parsed.is_object()) return std::unexpected(problem(422, "The body must be a JSON object."));
  return parsed;
}

Field<std::string> checked_text(std::string text, std::string_view name, TextRule rule) {
  std::size_t length = 0;
  std::string_view rest = text;
  while (!rest.empty()) {
    const auto next = utf8::decode(rest);
    if (!allowed(next.code_point, rule.several_lines))
      return wrong(name, fmt::format("The field '{}' holds a control character.", name));
    rest.remove_prefix(next.length);
    ++length;
  }
  if (length > rule.longest) return wrong(name, fmt::format("The field '{}' is longer than {} characters.", name, rule.longest));
  const bool blank = text.find_first_not_of(" \t\r\n") == std::string::npos;
  if (length < rule.shortest || (blank && rule.shortest > 0))
    return wrong(name, fmt::format("The field '{}' must not be empty.", name));
  return text;
}

Field<std::string> required_text(const Json& object, std::string_view name, TextRule rule) {
  const auto* value = find(object, name);
  if (value == nullptr) return wrong(name, fmt::format("The field '{}' is missing.", name));
  if (!value->is_string()) return wrong(name, fmt::format("The field '{}' must be a text.", name));
  return checked_text(value->get<std::string>(), name, rule);
}

Field<std::string> optional_text(const Json& object, std::string_view name, TextRule rule) {
  if (find(object, name) == nullptr) return std::string();
  return required_text(object, name, rule);
}

Field<std::int64_t> required_number(const Json& object, std::string_view name, std::int64_t least, std::int64_t most) {
  const auto* value = find(object, name);
  if (value == nullptr) return wrong(name, fmt::format("The field '{}' is missing.", name));
  return number_of(*value, name, least, most);
}

Field<std::optional<std::int64_t>> optional_number(const Json& object, std::string_view name, std::int64_t least,
                                                   std::int64_t most) {
  const auto* value = find(object, name);
  if (value == nullptr) return std::nullopt;
  return number_of(*value, name, least, most);
}

Field<std::int64_t> query_number(const std::optional<std::string>& text, std::string_view name, std::int64_t preset,
                                 std::int64_t least, std::int64_t most) {
  if (!text || text->empty()) return preset;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc() || end != text->data() + text->size() || number < least || number > most) {
    return wrong(name, fmt::format("The parameter '{}' must be a whole number from {} to {}.", name, least, most));
  }
  return number;
}

}  // namespace gibsey::server
