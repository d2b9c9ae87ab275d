#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gibsey::retrieval {

/// A sentence of a text, without the white space around it. Offsets: code points, end exclusive.
struct Sentence {
  std::int32_t start = 0;
  std::int32_t end = 0;
  int paragraph = 0;  ///< from 0; a blank line ends a paragraph
  int words = 0;      ///< as count_words counts
};

[[nodiscard]] std::u32string to_code_points(std::string_view text);
[[nodiscard]] std::string to_utf8(std::u32string_view text);

/// The sentences of `text` in order; together they hold everything but white space. A line break inside a paragraph is a space.
/// Bounds are ICU's, put right for titles and other abbreviations, initials, ellipses, italics marks and speech that a clause
/// follows ("Stop!" he cried).
[[nodiscard]] std::vector<Sentence> find_sentences(std::u32string_view text, const std::string& language);

}  // namespace gibsey::retrieval
