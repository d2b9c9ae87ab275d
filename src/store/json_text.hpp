#pragma once
#include "base/result.hpp"

#include <nlohmann/json.hpp>

#include <cmath>
#include <string>

/// How model_json.cpp and event_json.cpp write and read JSON text; seen by them alone.
namespace gibsey::store {

/// Text that is not UTF-8 is mended rather than refused: a turn must be stored whatever a model wrote.
[[nodiscard]] inline std::string dump(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// JSON has no infinity or NaN.
[[nodiscard]] inline double finite(double number) {
  return std::isfinite(number) ? number : 0.0;
}

[[nodiscard]] inline Error unreadable_row(const std::string& reason) {
  return {ErrorCode::corrupt, "a stored row cannot be read (" + reason + "); put a backup of the file in its place"};
}

template <typename T>
Result<void> decode_into(const std::string& text, T& value) {
  try {
    nlohmann::json::parse(text).get_to(value);
    return {};
  } catch (const nlohmann::json::exception& exception) {
    return std::unexpected(unreadable_row(exception.what()));
  }
}

}  // namespace gibsey::store
