#include "base/quotation_marks.hpp"

#include "base/utf8.hpp"

#include <cctype>

namespace gibsey {

QuotationMarks outer_marks(std::string_view text) {
  for (const auto& marks : {kQuotationMarks[0], kQuotationMarks[1]}) {
    if (!text.contains(marks.open) && !text.contains(marks.close)) return marks;
  }
  return kQuotationMarks[3];
}

bool is_letter_or_digit_at(std::string_view text, std::size_t position) {
  if (position >= text.size()) return false;
  const auto byte = static_cast<unsigned char>(text[position]);
  if (byte < 0x80) return std::isalnum(byte) != 0;
  // Beyond ASCII: general punctuation (U+2000..U+206F), Latin-1 signs and CJK brackets are no letters, the rest may be.
  const auto c = utf8::decode(text.substr(position)).code_point;
  return !(c >= 0x2000 && c <= 0x206F) && !(c >= 0xA0 && c <= 0xBF) && !(c >= 0x3000 && c <= 0x303F);
}

bool is_letter_or_digit_before(std::string_view text, std::size_t position) {
  if (position == 0) return false;
  auto start = position - 1;
  while (start > 0 && (static_cast<unsigned char>(text[start]) & 0xC0U) == 0x80U) --start;
  return is_letter_or_digit_at(text, start);
}

}  // namespace gibsey
