#pragma once
#include <array>
#include <cstddef>
#include <string_view>

namespace gibsey {

/// A pair of quotation marks, UTF-8.
struct QuotationMarks {
  std::string_view open;
  std::string_view close;
  std::string_view other_close;  ///< German \u201E...\u201C closes with the English opening mark
};

/// The pairs that open a quotation wherever they stand.
inline constexpr std::array kQuotationMarks = {
    QuotationMarks{"\"", "\"", ""},         QuotationMarks{"\u201C", "\u201D", ""}, QuotationMarks{"\u201E", "\u201C", "\u201D"},
    QuotationMarks{"\u00AB", "\u00BB", ""}, QuotationMarks{"\u00BB", "\u00AB", ""}, QuotationMarks{"\u201F", "\u201D", ""},
    QuotationMarks{"``", "''", "\""},       QuotationMarks{"\u300C", "\u300D", ""}, QuotationMarks{"\u2039", "\u203A", ""},
    QuotationMarks{"\uFF02", "\uFF02", ""},
};
/// Those that are apostrophes too: they open only after no letter and before one.
inline constexpr std::array kSingleQuotationMarks = {
    QuotationMarks{"'", "'", ""},
    QuotationMarks{"\u2018", "\u2019", "'"},
    QuotationMarks{"\u201A", "\u2018", "\u2019"},
    QuotationMarks{"`", "'", "`"},
};

/// The marks to put around `text`: the first pair that it does not use itself.
[[nodiscard]] QuotationMarks outer_marks(std::string_view text);

/// Whether the character at `position` is a letter or digit; false at the end.
[[nodiscard]] bool is_letter_or_digit_at(std::string_view text, std::size_t position);
/// Whether the character that ends at `position` is one; false at the start.
[[nodiscard]] bool is_letter_or_digit_before(std::string_view text, std::size_t position);

}  // namespace gibsey
