#include "ingest/heading_line.hpp"

#include "base/utf8.hpp"

#include <unicode/uchar.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <vector>

namespace gibsey::ingest {
namespace {

constexpr std::size_t kLongestLine = 90;
constexpr std::size_t kMostTitleWords = 16;

constexpr std::array<std::string_view, 9> kChapterWords = {"chapter", "chap",    "letter", "adventure", "stave",
                                                           "canto",   "section", "scene",  "act"};
constexpr std::array<std::string_view, 4> kPartWords = {"book", "part", "volume", "vol"};
constexpr std::array<std::string_view, 12> kNames = {
    "prologue",   "epilogue",   "preface",          "introduction",         "foreword",      "afterword",
    "conclusion", "postscript", "author's preface", "the author's preface", "author's note", "interlude"};
constexpr std::array<std::string_view, 20> kCardinals = {
    "one",    "two",    "three",    "four",     "five",    "six",     "seven",     "eight",    "nine",     "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"};
constexpr std::array<std::string_view, 20> kOrdinals = {"first",     "second",      "third",      "fourth",     "fifth",
                                                        "sixth",     "seventh",     "eighth",     "ninth",      "tenth",
                                                        "eleventh",  "twelfth",     "thirteenth", "fourteenth", "fifteenth",
                                                        "sixteenth", "seventeenth", "eighteenth", "nineteenth", "twentieth"};
constexpr std::array<std::string_view, 9> kTens = {"ten",   "twenty",  "thirty", "forty", "fifty",
                                                   "sixty", "seventy", "eighty", "ninety"};

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") + 1 - first);
}

template <std::size_t N>
int place_in(const std::array<std::string_view, N>& words, std::string_view word) {
  const auto* const at = std::ranges::find(words, word);
  return at == words.end() ? 0 : static_cast<int>(at - words.begin()) + 1;
}

/// The value of a Roman numeral in its usual form; 0 for anything else. Lower case is no numeral.
int roman(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, int>, 13> kDigits = {{{"M", 1000},
                                                                                {"CM", 900},
                                                                                {"D", 500},
                                                                                {"CD", 400},
                                                                                {"C", 100},
                                                                                {"XC", 90},
                                                                                {"L", 50},
                                                                                {"XL", 40},
                                                                                {"X", 10},
                                                                                {"IX", 9},
                                                                                {"V", 5},
                                                                                {"IV", 4},
                                                                                {"I", 1}}};
  int value = 0;
  std::string_view rest = text;
  for (const auto& [digit, worth] : kDigits) {
    while (rest.starts_with(digit)) {
      value += worth;
      rest.remove_prefix(digit.size());
    }
  }
  return rest.empty() && value < 400 ? value : 0;
}

int arabic(std::string_view text) {
  if (text.empty() || text.size() > 3 || text.find_first_not_of("0123456789") != text.npos) return 0;
  return std::stoi(std::string(text));
}

int number_word(const std::string& word) {
  if (const int value = place_in(kCardinals, word)) return value;
  if (const int value = place_in(kOrdinals, word)) return value;
  if (const int tens = place_in(kTens, word)) return tens * 10;
  const auto hyphen = word.find('-');
  if (hyphen == word.npos) return 0;
  const int tens = place_in(kTens, std::string_view(word).substr(0, hyphen));
  const std::string unit = word.substr(hyphen + 1);
  const int ones = std::max(place_in(kCardinals, unit), place_in(kOrdinals, unit));
  return tens > 1 && ones > 0 && ones < 10 ? tens * 10 + ones : 0;
}

int number_of(std::string_view token) {
  if (const int value = arabic(token)) return value;
  if (const int value = roman(token)) return value;
  return number_word(lower(token));
}

/// The letters, digits and single hyphens at the start of `text`.
std::string_view first_token(std::string_view text) {
  std::size_t end = 0;
  while (end < text.size()) {
    const auto c = static_cast<unsigned char>(text[end]);
    const bool hyphen = c == '-' && end + 1 < text.size() && std::isalpha(static_cast<unsigned char>(text[end + 1])) != 0;
    if (std::isalnum(c) == 0 && !hyphen) break;
    ++end;
  }
  return text.substr(0, end);
}

/// Cuts the punctuation that parts number and title; `found` says whether there was any.
std::string_view after_separator(std::string_view text, bool& found) {
  found = false;
  for (;;) {
    text = trimmed(text);
    if (text.starts_with("—") || text.starts_with("–")) {
      text.remove_prefix(std::string_view("—").size());
    } else if (!text.empty() && std::string_view(".:-)").contains(text.front())) {
      text.remove_prefix(1);
    } else {
      return text;
    }
    found = true;
  }
}

bool starts_upper(std::string_view text) {
  if (text.empty()) return false;
  const auto c = static_cast<UChar32>(utf8::decode(text).code_point);
  return u_isupper(c) != 0 || !u_isalpha(c);
}

std::string label_before(std::string_view line, std::string_view rest) {
  std::string_view label = trimmed(line.substr(0, line.size() - rest.size()));
  while (!label.empty() && (std::string_view(".:-) \t").contains(label.back()))) label.remove_suffix(1);
  for (const std::string_view dash : {"—", "–"}) {
    if (label.ends_with(dash)) label.remove_suffix(dash.size());
  }
  return std::string(trimmed(label));
}

std::optional<HeadingLine> read_keyword_line(std::string_view line) {
  const std::string_view word = first_token(line);
  const std::string keyword = lower(word);
  const bool part = place_in(kPartWords, keyword) != 0;
  if (word.empty() || !starts_upper(word) || (!part && place_in(kChapterWords, keyword) == 0)) return {};
  bool separated = false;
  std::string_view rest = after_separator(line.substr(word.size()), separated);
  if (lower(first_token(rest)) == "the") rest = trimmed(rest.substr(3));
  const std::string_view token = first_token(rest);
  const int number = number_of(token);
  if (number == 0) return {};
  rest = after_separator(rest.substr(token.size()), separated);
  if (!rest.empty() && !starts_upper(rest)) return {};
  if (!rest.empty() && !separated && !is_title_like(rest)) return {};
  return HeadingLine{part ? HeadingKind::part : HeadingKind::chapter, number, label_before(line, rest), std::string(rest)};
}

std::optional<HeadingLine> read_number_line(std::string_view line) {
  const std::string_view token = first_token(line);
  const int number = arabic(token) != 0 ? arabic(token) : roman(token);
  if (number == 0) return {};
  bool separated = false;
  const std::string_view rest = after_separator(line.substr(token.size()), separated);
  if (rest.empty()) return HeadingLine{HeadingKind::number, number, std::string(token), {}};
  if (!separated || !is_title_like(rest)) return {};
  return HeadingLine{HeadingKind::numbered, number, std::string(token), std::string(rest)};
}

}  // namespace

bool is_title_like(std::string_view line) {
  line = trimmed(line);
  if (line.empty() || utf8::length(line) > kLongestLine) return false;
  if (line.find_first_of("0123456789") != line.npos || std::string_view("\"'([").contains(line.front())) return false;
  for (const std::string_view mark : {"“", "‘", "_"}) {
    if (line.starts_with(mark)) return false;
  }
  if (line.ends_with(',') || line.ends_with(';')) return false;
  std::size_t words = 0;
  std::size_t longer = 0;
  std::size_t capitalised = 0;
  for (std::size_t at = 0; at < line.size();) {
    const auto end = std::min(line.find_first_of(" \t-", at), line.size());
    const auto word = line.substr(at, end - at);
    at = end + 1;
    if (word.empty()) continue;
    ++words;
    if (utf8::length(word) < 4) continue;
    ++longer;
    if (starts_upper(word)) ++capitalised;
  }
  if (words == 0 || words > kMostTitleWords || !starts_upper(line)) return false;
  const bool sentence = line.ends_with('.');
  return longer == 0 ? !sentence : sentence ? capitalised == longer && words <= 8 : capitalised * 10 >= longer * 6;
}

std::optional<HeadingLine> read_heading_line(std::string_view line) {
  line = trimmed(line);
  if (line.empty() || utf8::length(line) > kLongestLine) return {};
  if (auto heading = read_keyword_line(line)) return heading;
  std::string name = lower(line);
  while (name.ends_with('.') || name.ends_with(':')) name.pop_back();
  if (place_in(kNames, name) != 0 && starts_upper(line)) return HeadingLine{HeadingKind::named, 0, std::string(line), {}};
  return read_number_line(line);
}

}  // namespace gibsey::ingest
