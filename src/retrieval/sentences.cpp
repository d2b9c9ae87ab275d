#include "retrieval/sentences.hpp"

#include "base/utf8.hpp"
#include "retrieval/words.hpp"

#include <unicode/brkiter.h>
#include <unicode/locid.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <array>
#include <memory>
#include <stdexcept>
#include <tuple>

namespace gibsey::retrieval {
namespace {

bool is_space(char32_t c) {
  return u_isUWhiteSpace(static_cast<UChar32>(c)) != 0;
}
bool is_lower(char32_t c) {
  return u_islower(static_cast<UChar32>(c)) != 0;
}
bool is_upper(char32_t c) {
  return u_isupper(static_cast<UChar32>(c)) != 0;
}
bool is_letter(char32_t c) {
  return u_isalpha(static_cast<UChar32>(c)) != 0;
}
bool is_word(char32_t c) {
  return u_isalnum(static_cast<UChar32>(c)) != 0;
}

constexpr std::u32string_view kOpening = U"\"'(“‘«‹[—–-_*";
constexpr std::u32string_view kClosing = U"\"')”’»›]_*";

// An abbreviation that a name or number follows, so that its full stop ends no sentence.
constexpr std::array kBeforeName = {"adm", "capt",  "cf",  "col", "dr",     "esq",  "fig", "fr",  "gen", "gov",
                                    "hon", "lieut", "lt",  "maj", "messrs", "mlle", "mme", "mr",  "mrs", "ms",
                                    "mt",  "prof",  "rev", "sen", "sergt",  "sgt",  "st",  "viz", "vs"};
constexpr std::array kBeforeNumber = {"ch", "chap", "no", "nos", "p", "pp", "vol"};

/// One paragraph as ICU sees it: line breaks are spaces, an ellipsis is a full stop, italics marks are closing marks.
class ParagraphText {
 public:
  explicit ParagraphText(std::u32string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      char32_t c = text[i];
      if (c == U'\n') c = U' ';
      if (c == U'\u2026') c = U'.';
      if (c == U'_' || c == U'*') c = U'"';
      const auto units = utf16_.length();
      utf16_.append(static_cast<UChar32>(c));
      for (auto unit = units; unit < utf16_.length(); ++unit) code_point_.push_back(static_cast<std::int32_t>(i));
    }
    code_point_.push_back(static_cast<std::int32_t>(text.size()));
  }
  [[nodiscard]] const icu::UnicodeString& utf16() const { return utf16_; }
  [[nodiscard]] std::int32_t code_point(std::int32_t unit) const { return code_point_[static_cast<std::size_t>(unit)]; }

 private:
  icu::UnicodeString utf16_;
  std::vector<std::int32_t> code_point_;
};

std::size_t trim_end(std::u32string_view text, std::size_t end) {
  while (end > 0 && is_space(text[end - 1])) --end;
  return end;
}

std::size_t skip(std::u32string_view text, std::size_t at, std::u32string_view marks) {
  while (at < text.size() && (is_space(text[at]) || marks.contains(text[at]))) ++at;
  return at;
}

/// The letters before the full stop that ends text[0, end), or "" when it ends otherwise.
std::u32string_view word_before_stop(std::u32string_view text, std::size_t end) {
  if (end == 0 || text[end - 1] != U'.') return {};
  const std::size_t stop = end - 1;
  std::size_t start = stop;
  while (start > 0 && is_letter(text[start - 1])) --start;
  return text.substr(start, stop - start);
}

bool is_one_of(std::u32string_view word, const auto& names) {
  if (word.empty() || word.size() > 8) return false;
  std::string lower;
  for (const char32_t c : word) utf8::append(lower, static_cast<char32_t>(u_tolower(static_cast<UChar32>(c))));
  return std::ranges::find(names, lower) != names.end();
}

/// "J. R. Hartley": a single capital. "I" is one only after another initial, for it ends many a sentence.
bool ends_in_initial(std::u32string_view text, std::size_t end) {
  const auto word = word_before_stop(text, end);
  if (word.size() != 1 || !is_upper(word[0])) return false;
  if (word[0] != U'I') return true;
  const std::size_t before = trim_end(text, end - 2);
  const auto earlier = word_before_stop(text, before);
  return earlier.size() == 1 && is_upper(earlier[0]);
}

bool ends_in_abbreviation(std::u32string_view text, std::size_t end, char32_t next) {
  const auto word = word_before_stop(text, end);
  if (is_one_of(word, kBeforeName) || ends_in_initial(text, end)) return true;
  return is_one_of(word, kBeforeNumber) && u_isdigit(static_cast<UChar32>(next));
}

/// Whether ICU's bound at `at` lies inside a sentence.
bool continues(std::u32string_view text, std::size_t sentence_start, std::size_t at) {
  const std::size_t end = trim_end(text, at);
  const auto left = text.substr(sentence_start, end - sentence_start);
  if (std::ranges::none_of(left, is_word) || std::ranges::none_of(text.substr(at), is_word)) return true;
  if (kClosing.contains(text[at]) && !is_space(text[at - 1]) && !kOpening.contains(text[at])) return true;
  if ((text[at] == U'-' || text[at] == U'—' || text[at] == U'–') && !is_space(text[at - 1])) return true;
  const std::size_t first = skip(text, at, kOpening);
  if (first >= text.size()) return true;
  return is_lower(text[first]) || ends_in_abbreviation(text, end, text[first]);
}

std::vector<std::size_t> sentence_ends(std::u32string_view paragraph, icu::BreakIterator& breaks) {
  const ParagraphText seen(paragraph);
  breaks.setText(seen.utf16());
  std::vector<std::size_t> ends;
  std::size_t start = 0;
  breaks.first();
  for (auto unit = breaks.next(); unit != icu::BreakIterator::DONE; unit = breaks.next()) {
    const auto at = static_cast<std::size_t>(seen.code_point(unit));
    if (at >= paragraph.size()) break;
    if (at == 0 || continues(paragraph, start, at)) continue;
    ends.push_back(at);
    start = at;
  }
  ends.push_back(paragraph.size());
  return ends;
}

/// Bounds of the paragraph that begins at or after `from`; start == size when there is none. Blank lines part paragraphs.
std::pair<std::size_t, std::size_t> next_paragraph(std::u32string_view text, std::size_t from) {
  while (from < text.size() && is_space(text[from])) ++from;
  std::size_t end = from;
  while (end < text.size()) {
    if (text[end] == U'\n') {
      std::size_t line = end + 1;
      while (line < text.size() && text[line] != U'\n' && is_space(text[line])) ++line;
      if (line >= text.size() || text[line] == U'\n') break;
    }
    ++end;
  }
  return {from, end};
}

}  // namespace

std::u32string to_code_points(std::string_view text) {
  std::u32string code_points;
  code_points.reserve(text.size());
  while (!text.empty()) {
    const utf8::Decoded next = utf8::decode(text);
    code_points += next.code_point;
    text.remove_prefix(next.length);
  }
  return code_points;
}

std::string to_utf8(std::u32string_view text) {
  std::string bytes;
  bytes.reserve(text.size());
  for (const char32_t c : text) utf8::append(bytes, c);
  return bytes;
}

std::vector<Sentence> find_sentences(std::u32string_view text, const std::string& language) {
  UErrorCode status = U_ZERO_ERROR;
  const std::unique_ptr<icu::BreakIterator> breaks(
      icu::BreakIterator::createSentenceInstance(icu::Locale(language.c_str()), status));
  if (U_FAILURE(status)) throw std::runtime_error("ICU has no sentence rules; is its data installed?");
  std::vector<Sentence> sentences;
  int paragraph = 0;
  for (auto [start, end] = next_paragraph(text, 0); start < text.size();
       std::tie(start, end) = next_paragraph(text, end), ++paragraph) {
    std::size_t from = 0;
    const auto body = text.substr(start, end - start);
    for (const std::size_t to : sentence_ends(body, *breaks)) {
      std::size_t first = from;
      while (first < to && is_space(body[first])) ++first;
      const std::size_t last = trim_end(body, to);
      from = to;
      if (first >= last) continue;
      sentences.push_back({static_cast<std::int32_t>(start + first), static_cast<std::int32_t>(start + last), paragraph,
                           count_words(body.substr(first, last - first))});
    }
  }
  return sentences;
}

}  // namespace gibsey::retrieval
