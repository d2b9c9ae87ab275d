#include "base/utf8.hpp"

#include <cstdint>

namespace gibsey::utf8 {
namespace {

/// Length that the lead byte announces; 0 for a byte that cannot lead.
std::size_t announced_length(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return 2;
  if (lead >= 0xE0 && lead <= 0xEF) return 3;
  if (lead >= 0xF0 && lead <= 0xF4) return 4;
  return 0;
}

bool is_continuation(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

}  // namespace

Decoded decode(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const auto announced = announced_length(lead);
  if (announced == 1) return {lead, 1};
  if (announced == 0 || text.size() < announced) return {kReplacement, 1};
  static constexpr std::uint8_t kLeadMask[] = {0, 0, 0x1F, 0x0F, 0x07};
  char32_t value = lead & kLeadMask[announced];
  for (std::size_t i = 1; i < announced; ++i) {
    if (!is_continuation(text[i])) return {kReplacement, 1};
    value = (value << 6U) | (static_cast<unsigned char>(text[i]) & 0x3FU);
  }
  const bool overlong = (announced == 3 && value < 0x800) || (announced == 4 && value < 0x10000);
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (overlong || surrogate || value > 0x10FFFF) return {kReplacement, 1};
  return {value, announced};
}

void append(std::string& text, char32_t c) {
  const auto byte = [&text](char32_t value) { text.push_back(static_cast<char>(static_cast<unsigned char>(value))); };
  if (c < 0x80) {
    byte(c);
  } else if (c < 0x800) {
    byte(0xC0 | (c >> 6U));
    byte(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    byte(0xE0 | (c >> 12U));
    byte(0x80 | ((c >> 6U) & 0x3F));
    byte(0x80 | (c & 0x3F));
  } else {
    byte(0xF0 | (c >> 18U));
    byte(0x80 | ((c >> 12U) & 0x3F));
    byte(0x80 | ((c >> 6U) & 0x3F));
    byte(0x80 | (c & 0x3F));
  }
}

bool is_valid(std::string_view text) {
  while (!text.empty()) {
    const auto next = decode(text);
    // A real U+FFFD takes three bytes; a replaced byte takes one.
    if (next.code_point == kReplacement && next.length == 1) return false;
    text.remove_prefix(next.length);
  }
  return true;
}

std::string sanitized(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto next = decode(text);
    append(out, next.code_point);
    text.remove_prefix(next.length);
  }
  return out;
}

std::size_t length(std::string_view text) {
  std::size_t count = 0;
  while (!text.empty()) {
    text.remove_prefix(decode(text).length);
    ++count;
  }
  return count;
}

std::size_t byte_offset(std::string_view text, std::size_t offset) {
  std::size_t position = 0;
  while (offset > 0 && position < text.size()) {
    position += decode(text.substr(position)).length;
    --offset;
  }
  return position;
}

std::string_view slice(std::string_view text, std::size_t start, std::size_t end) {
  const auto from = byte_offset(text, start);
  const auto rest = text.substr(from);
  return rest.substr(0, byte_offset(rest, end > start ? end - start : 0));
}

std::size_t incomplete_tail(std::string_view text) {
  for (std::size_t back = 1; back <= 3 && back <= text.size(); ++back) {
    const char byte = text[text.size() - back];
    if (is_continuation(byte)) continue;
    return announced_length(static_cast<unsigned char>(byte)) > back ? back : 0;
  }
  return 0;
}

}  // namespace gibsey::utf8
