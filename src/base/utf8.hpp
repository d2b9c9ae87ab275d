#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace gibsey::utf8 {

/// The Unicode replacement character, which decoding gives for each byte that belongs to no character.
inline constexpr char32_t kReplacement = U'\uFFFD';

struct Decoded {
  char32_t code_point = 0;
  std::size_t length = 0;  ///< bytes consumed, at least 1 for a non-empty input
};

/// The first character of `text`, which must not be empty. Overlong forms, surrogates and values past U+10FFFF are
/// replaced byte by byte.
[[nodiscard]] Decoded decode(std::string_view text);
void append(std::string& text, char32_t code_point);

[[nodiscard]] bool is_valid(std::string_view text);
/// `text` with every malformed byte replaced by U+FFFD.
[[nodiscard]] std::string sanitized(std::string_view text);
/// Number of code points; malformed bytes count one each.
[[nodiscard]] std::size_t length(std::string_view text);
/// Byte position of the code point number `offset`; the size of `text` when it is not that long.
[[nodiscard]] std::size_t byte_offset(std::string_view text, std::size_t offset);
/// The code points [start, end) of `text`.
[[nodiscard]] std::string_view slice(std::string_view text, std::size_t start, std::size_t end);
/// How many bytes at the end of `text` begin a character that is not complete yet (0 to 3): what a stream holds back.
[[nodiscard]] std::size_t incomplete_tail(std::string_view text);

}  // namespace gibsey::utf8
