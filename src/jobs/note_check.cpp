#include "jobs/note_check.hpp"

#include "jobs/note_draft.hpp"
#include "retrieval/quote_finder.hpp"
#include "retrieval/sentences.hpp"
#include "retrieval/words.hpp"

#include <unicode/uchar.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <vector>

namespace gibsey::jobs {
namespace {

constexpr int kLeastWords = 4;
constexpr int kMostWords = 60;
/// As for replies: shorter ones are no quotations.
constexpr int kQuotedWords = 4;

/// What a model says about its task instead of the book, in small letters as for_each_word gives them.
constexpr std::array<std::string_view, 8> kForeignVoice = {"as an ai",        "the passages",   "this note",    "the user",
                                                           "square brackets", "language model", "the provided", "the citation"};

const std::map<std::string_view, int> kNumberWords = {
    {"two", 2},       {"three", 3},    {"four", 4},      {"five", 5},        {"six", 6},          {"seven", 7},
    {"eight", 8},     {"nine", 9},     {"ten", 10},      {"eleven", 11},     {"twelve", 12},      {"thirteen", 13},
    {"fourteen", 14}, {"fifteen", 15}, {"sixteen", 16},  {"seventeen", 17},  {"eighteen", 18},    {"nineteen", 19},
    {"twenty", 20},   {"thirty", 30},  {"forty", 40},    {"fifty", 50},      {"sixty", 60},       {"seventy", 70},
    {"eighty", 80},   {"ninety", 90},  {"hundred", 100}, {"thousand", 1000}, {"million", 1000000}};

struct Token {
  std::string folded;  ///< as for_each_word gives it
  bool capital = false;
  bool digits = false;
};

/// The words of a text, with what their letters look like.
std::vector<Token> tokens_of(std::string_view text) {
  std::vector<Token> tokens;
  const auto points = retrieval::to_code_points(text);
  std::size_t at = 0;
  while (at < points.size()) {
    if (u_isalnum(static_cast<UChar32>(points[at])) == 0) {
      ++at;
      continue;
    }
    auto end = at;
    const auto inside = [&](std::size_t i) {
      if (u_isalnum(static_cast<UChar32>(points[i])) != 0) return true;
      const bool joins = points[i] == U'\'' || points[i] == U'\u2019' || points[i] == U'.' || points[i] == U',';
      if (!joins || i + 1 >= points.size()) return false;
      const bool letters = points[i] == U'\'' || points[i] == U'\u2019';
      return (letters
                  ? u_isalpha(static_cast<UChar32>(points[i + 1]))
                  : u_isdigit(static_cast<UChar32>(points[i + 1])) != 0 && u_isdigit(static_cast<UChar32>(points[i - 1]))) != 0;
    };
    while (end < points.size() && inside(end)) ++end;
    const auto word = retrieval::to_utf8(std::u32string_view(points).substr(at, end - at));
    Token token;
    token.capital = u_isupper(static_cast<UChar32>(points[at])) != 0 || u_istitle(static_cast<UChar32>(points[at])) != 0;
    token.digits = u_isdigit(static_cast<UChar32>(points[at])) != 0;
    retrieval::for_each_word(word, [&token](const std::string& folded) { token.folded += folded; });
    if (!token.folded.empty()) tokens.push_back(std::move(token));
    at = end;
  }
  return tokens;
}

/// A heading and a line that was cut off do not.
bool ends_as_sentence(std::string_view text) {
  const auto points = retrieval::to_code_points(text);
  std::u32string_view rest = points;
  while (!rest.empty() && std::u32string_view(U"\"'”’)] ").contains(rest.back())) rest.remove_suffix(1);
  return !rest.empty() && std::u32string_view(U".!?…").contains(rest.back());
}

std::set<std::string> words_in(std::string_view text) {
  std::set<std::string> words;
  for (const auto& token : tokens_of(text)) words.insert(token.folded);
  retrieval::for_each_word(text, [&words](const std::string& word) { words.insert(word); });
  return words;
}

std::optional<int> number_word(const std::string& word) {
  const auto found = kNumberWords.find(word);
  return found == kNumberWords.end() ? std::nullopt : std::optional(found->second);
}

bool has_number(const Token& token, const std::set<std::string>& cited) {
  if (cited.contains(token.folded)) return true;
  if (const auto number = number_word(token.folded)) return cited.contains(std::to_string(*number));
  return std::ranges::any_of(kNumberWords, [&](const auto& entry) {
    return std::to_string(entry.second) == token.folded && cited.contains(std::string(entry.first));
  });
}

bool speaks_of_its_task(std::string_view sentence) {
  std::string folded = " ";
  retrieval::for_each_word(sentence, [&folded](const std::string& word) { folded += word + " "; });
  if (folded.starts_with(" i ") || folded.starts_with(" you ")) return true;
  return std::ranges::any_of(kForeignVoice,
                             [&folded](std::string_view voice) { return folded.contains(" " + std::string(voice) + " "); });
}

/// Spans between double quotation marks of any kind, at least kQuotedWords long.
std::vector<std::string> quoted_spans(std::string_view sentence) {
  const auto normalized = retrieval::normalize_for_quoting(sentence).text;
  std::vector<std::string> spans;
  for (auto open = normalized.find(U'"'); open != normalized.npos;) {
    const auto close = normalized.find(U'"', open + 1);
    if (close == normalized.npos) break;
    auto span = retrieval::to_utf8(std::u32string_view(normalized).substr(open + 1, close - open - 1));
    if (count_words(span) >= kQuotedWords) spans.push_back(std::move(span));
    open = normalized.find(U'"', close + 1);
  }
  return spans;
}

bool quotes_hold(std::string_view sentence, std::string_view cited) {
  const auto spans = quoted_spans(sentence);
  if (spans.empty()) return true;
  const retrieval::QuoteFinder finder(std::vector<model::Page>{{.world = "w", .id = "1", .text = std::string(cited)}});
  return std::ranges::all_of(spans, [&finder](const std::string& span) { return finder.find(span).has_value(); });
}

}  // namespace

const char* to_string(NoteFlaw flaw) {
  switch (flaw) {
    case NoteFlaw::none: return "none";
    case NoteFlaw::page: return "page";
    case NoteFlaw::length: return "length";
    case NoteFlaw::voice: return "voice";
    case NoteFlaw::quotation: return "quotation";
    case NoteFlaw::name: return "name";
    case NoteFlaw::number: return "number";
    case NoteFlaw::words: return "words";
    case NoteFlaw::meaning: return "meaning";
    case NoteFlaw::repeated: return "repeated";
  }
  return "none";
}

void add_small_words(std::string_view text, SmallWords& words) {
  for (const auto& token : tokens_of(text)) {
    if (!token.capital && !token.digits) words.insert(token.folded);
  }
}

float support_of(std::string_view sentence, std::string_view cited, const std::string& language) {
  const retrieval::Stemmer stemmer(language);
  std::set<std::string> there;
  retrieval::for_each_word(cited, [&](const std::string& word) { there.insert(stemmer.stem(word)); });
  int content = 0;
  int found = 0;
  retrieval::for_each_word(sentence, [&](const std::string& word) {
    if (retrieval::is_stop_word(word, language)) return;
    ++content;
    if (there.contains(stemmer.stem(word))) ++found;
  });
  return content == 0 ? 1.0F : static_cast<float>(found) / static_cast<float>(content);
}

NoteFlaw check_words(std::string_view sentence, std::string_view cited, const SmallWords& small_words,
                     const std::string& language, const NoteBars& bars) {
  const int words = count_words(sentence);
  if (words < kLeastWords || words > kMostWords || !ends_as_sentence(sentence)) return NoteFlaw::length;
  if (speaks_of_its_task(sentence)) return NoteFlaw::voice;
  if (!quotes_hold(sentence, cited)) return NoteFlaw::quotation;
  const auto there = words_in(cited);
  const auto tokens = tokens_of(sentence);
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const auto& token = tokens[i];
    if (token.digits || number_word(token.folded)) {
      if (!has_number(token, there)) return NoteFlaw::number;
      continue;
    }
    if (!token.capital || there.contains(token.folded) || retrieval::is_stop_word(token.folded, language)) continue;
    if (i == 0 && small_words.contains(token.folded)) continue;
    return NoteFlaw::name;
  }
  return support_of(sentence, cited, language) < bars.support ? NoteFlaw::words : NoteFlaw::none;
}

}  // namespace gibsey::jobs
