#pragma once
#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdint>
#include <optional>
#include <string>

/// Reading JSON that another service sent: what is missing, or of another type than it should be, is as if it were not there.
namespace gibsey::net {

/// Text that is not JSON gives a value that is_discarded().
[[nodiscard]] inline nlohmann::json parse_service_json(const std::string& text) {
  return nlohmann::json::parse(text, nullptr, false);
}

[[nodiscard]] inline std::optional<std::int64_t> whole_number(const nlohmann::json& value) {
  constexpr double kExact = 9007199254740992.0;  // 2^53
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX)) return std::nullopt;
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (!value.is_number_float()) return std::nullopt;
  const auto number = value.get<double>();
  if (std::trunc(number) != number || std::abs(number) > kExact) return std::nullopt;
  return static_cast<std::int64_t>(number);
}

/// A text; a whole number becomes its digits, because many services number what others name.
[[nodiscard]] inline std::string text_or_number(const nlohmann::json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (const auto number = whole_number(value)) return std::to_string(*number);
  return {};
}

/// The member `name` of an object; null where there is none.
[[nodiscard]] inline const nlohmann::json& member(const nlohmann::json& object, const char* name) {
  static const nlohmann::json kNothing;
  if (!object.is_object()) return kNothing;
  const auto found = object.find(name);
  return found == object.end() ? kNothing : *found;
}

/// "" where there is none.
[[nodiscard]] inline std::string text_member(const nlohmann::json& object, const char* name) {
  return text_or_number(member(object, name));
}
[[nodiscard]] inline std::optional<std::int64_t> number_member(const nlohmann::json& object, const char* name) {
  return whole_number(member(object, name));
}

}  // namespace gibsey::net
