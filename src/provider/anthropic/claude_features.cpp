#include "provider/anthropic/claude_features.hpp"

#include <algorithm>
#include <optional>

namespace gibsey::provider {
namespace {

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// A number of one or two digits at the start of `text`, which it is taken off: a date has eight.
std::optional<int> take_number(std::string_view& text) {
  const auto digits = static_cast<std::size_t>(std::ranges::find_if_not(text, is_digit) - text.begin());
  if (digits == 0 || digits > 2) return std::nullopt;
  int number = 0;
  for (const char digit : text.substr(0, digits)) number = number * 10 + (digit - '0');
  text.remove_prefix(digits);
  return number;
}

/// 405 for "claude-sonnet-4-5-20250929": the first number after "claude-" and the one that follows it.
std::optional<int> generation(std::string_view model) {
  static constexpr std::string_view kFamily = "claude-";
  const auto at = model.find(kFamily);
  if (at == std::string_view::npos) return std::nullopt;
  auto rest = model.substr(at + kFamily.size());
  while (!rest.empty()) {
    if (const auto major = take_number(rest)) {
      std::optional<int> minor;
      if (rest.starts_with('-') || rest.starts_with('.')) {
        rest.remove_prefix(1);
        minor = take_number(rest);
      }
      return *major * 100 + minor.value_or(0);
    }
    const auto dash = rest.find('-');
    if (dash == std::string_view::npos) return std::nullopt;
    rest.remove_prefix(dash + 1);
  }
  return std::nullopt;
}

}  // namespace

ClaudeFeatures claude_features(std::string_view model) {
  const auto made = generation(model);
  if (!made) return {};
  return {.opening = *made >= 300 && *made <= 405,
          .temperature = *made < 407,
          .thinks_unasked = *made >= 500,
          .citations = *made >= 305};
}

}  // namespace gibsey::provider
