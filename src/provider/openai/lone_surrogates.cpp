#include "provider/openai/lone_surrogates.hpp"

#include "base/utf8.hpp"

#include <charconv>
#include <optional>

namespace gibsey::provider {
namespace {

/// U+D800..U+DFFF are carried as U+10F800..U+10FFFF, which is for private use.
constexpr char32_t kFirstHalf = 0xD800;
constexpr char32_t kSecondHalf = 0xDC00;
constexpr char32_t kPastHalves = 0xE000;
constexpr char32_t kCarriers = 0x10F800;
constexpr std::size_t kEscape = 6;

std::optional<char32_t> escape_at(std::string_view text) {
  if (text.size() < kEscape || !text.starts_with("\\u")) return std::nullopt;
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data() + 2, text.data() + kEscape, value, 16);
  if (error != std::errc() || end != text.data() + kEscape) return std::nullopt;
  return value;
}

bool is_first(char32_t c) {
  return c >= kFirstHalf && c < kSecondHalf;
}
bool is_second(char32_t c) {
  return c >= kSecondHalf && c < kPastHalves;
}

}  // namespace

std::string carry_lone_surrogates(std::string_view document) {
  std::string out;
  while (!document.empty()) {
    const auto half = escape_at(document);
    std::size_t length = document[0] == '\\' ? 2 : 1;
    if (half && is_first(*half) && is_second(escape_at(document.substr(kEscape)).value_or(0))) {
      length = 2 * kEscape;
    } else if (half && (is_first(*half) || is_second(*half))) {
      utf8::append(out, *half - kFirstHalf + kCarriers);
      document.remove_prefix(kEscape);
      continue;
    }
    length = std::min(length, document.size());
    out += document.substr(0, length);
    document.remove_prefix(length);
  }
  return out;
}

std::string SurrogateJoiner::add(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto next = utf8::decode(text);
    text.remove_prefix(next.length);
    const auto half = next.code_point >= kCarriers ? next.code_point - kCarriers + kFirstHalf : 0;
    if (first_ != 0 && is_second(half)) {
      utf8::append(out, 0x10000 + ((first_ - kFirstHalf) << 10U) + (half - kSecondHalf));
      first_ = 0;
      continue;
    }
    out += finish();
    if (is_first(half)) {
      first_ = half;
    } else {
      utf8::append(out, is_second(half) ? utf8::kReplacement : next.code_point);
    }
  }
  return out;
}

std::string SurrogateJoiner::finish() {
  std::string out;
  if (first_ != 0) utf8::append(out, utf8::kReplacement);
  first_ = 0;
  return out;
}

}  // namespace gibsey::provider
