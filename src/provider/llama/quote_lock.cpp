#include "provider/llama/quote_lock.hpp"

#include "base/quotation_marks.hpp"

#include <cctype>

namespace gibsey::provider {
namespace {

/// White-space separated pieces that hold a letter or digit.
int count_words(std::string_view text) {
  int words = 0;
  bool counted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (std::isspace(byte) != 0) counted = false;
    const bool begins_character = (byte & 0xC0U) != 0x80U;
    if (!counted && begins_character && is_letter_or_digit_at(text, i)) {
      counted = true;
      ++words;
    }
  }
  return words;
}

bool uses(std::string_view text, const QuotationMarks& marks) {
  return text.contains(marks.open) || text.contains(marks.close) ||
         (!marks.other_close.empty() && text.contains(marks.other_close));
}

}  // namespace

QuoteLock::QuoteLock(std::vector<std::string> candidates)
    : candidates_(std::move(candidates)), used_(candidates_.size(), false) {}

/// The first opening mark that ends past `after`.
bool QuoteLock::find_mark(std::string_view text, std::size_t after, Found& found) {
  bool any = false;
  for (std::size_t i = 0; i < kQuotationMarks.size(); ++i) {
    const auto mark = kQuotationMarks[i].open;
    const auto from = after >= mark.size() ? after - mark.size() + 1 : 0;
    const auto position = text.find(mark, from);
    if (position == std::string_view::npos || (any && position >= found.position)) continue;
    found = {position, position + mark.size(), i};
    any = true;
  }
  return any;
}

QuoteLock::Judged QuoteLock::judge(std::string_view bytes) const {
  const auto text = written_ + std::string(bytes);
  Found found{};
  if (!find_mark(text, written_.size(), found)) return {};
  const bool too_soon = quotes_ > 0 && count_words(std::string_view(text).substr(0, found.position)) < kLeastWordsBetween;
  if (quotes_ >= kMostQuotes || too_soon || is_letter_or_digit_before(text, found.position)) return {.verdict = Verdict::refuse};
  const bool begun = found.position < written_.size();  // a part of the mark is written already and stays
  const auto& typed = kQuotationMarks[found.marks];
  for (std::size_t i = 0; i < candidates_.size(); ++i) {
    if (used_[i] || (begun && uses(candidates_[i], typed))) continue;
    const auto marks = uses(candidates_[i], typed) ? outer_marks(candidates_[i]) : typed;
    if (uses(candidates_[i], marks)) continue;
    auto written = begun ? text.substr(written_.size(), found.end - written_.size())
                         : text.substr(written_.size(), found.position - written_.size()) + std::string(marks.open);
    written += candidates_[i];
    written += marks.close;
    return {.verdict = Verdict::quote, .text = std::move(written), .candidate = i};
  }
  return {.verdict = Verdict::refuse};
}

void QuoteLock::wrote(std::string_view bytes) {
  written_ += bytes;
}

void QuoteLock::quoted(const Judged& judged) {
  used_.at(judged.candidate) = true;
  ++quotes_;
  written_.clear();
}

}  // namespace gibsey::provider
