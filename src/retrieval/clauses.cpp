#include "retrieval/clauses.hpp"

#include "base/utf8.hpp"

#include <unicode/uchar.h>

#include <algorithm>
#include <array>
#include <limits>
#include <string>

namespace gibsey::retrieval {
namespace {

bool is_space(char32_t c) {
  return u_isUWhiteSpace(static_cast<UChar32>(c)) != 0;
}
bool is_dash(char32_t c) {
  return c == U'—' || c == U'–' || c == U'―';
}

constexpr std::array kConjunctions = {"after", "although", "and",   "as",    "because", "before", "but",    "for",  "if",
                                      "nor",   "or",       "since", "so",    "that",    "then",   "though", "till", "unless",
                                      "until", "when",     "where", "which", "while",   "who",    "whose",  "yet"};

/// A word with the punctuation and space behind it.
struct Token {
  std::int32_t start = 0;
  std::int32_t end = 0;  ///< of the visible part
  double cut_after = 0;  ///< what a cut behind it costs
};

std::string lower_word(std::u32string_view text, Token token) {
  std::string word;
  for (auto i = token.start; i < token.end; ++i) {
    const char32_t c = text[static_cast<std::size_t>(i)];
    if (u_isalpha(static_cast<UChar32>(c))) utf8::append(word, static_cast<char32_t>(u_tolower(static_cast<UChar32>(c))));
  }
  return word;
}

bool ends_token(std::u32string_view text, std::int32_t at, std::int32_t end) {
  const char32_t c = text[static_cast<std::size_t>(at)];
  const char32_t next = at + 1 < end ? text[static_cast<std::size_t>(at) + 1] : U' ';
  if (is_space(next)) return true;
  if (is_dash(c)) return !is_dash(next);
  return c == U'-' && at > 0 && text[static_cast<std::size_t>(at) - 1] == U'-' && next != U'-';
}

double cost_by_mark(std::u32string_view text, Token token) {
  auto last = token.end - 1;
  while (last > token.start && std::u32string_view(U"\"'”’»)_*").contains(text[static_cast<std::size_t>(last)])) --last;
  const char32_t c = text[static_cast<std::size_t>(last)];
  if (c == U';' || c == U':' || c == U'.' || c == U'!' || c == U'?' || is_dash(c)) return 0.0;
  if (c == U'-' && last > token.start && text[static_cast<std::size_t>(last) - 1] == U'-') return 0.0;
  if (c == U',') return 0.6;
  return 8.0;
}

std::vector<Token> tokens_of(std::u32string_view text, Span sentence) {
  std::vector<Token> tokens;
  std::int32_t start = -1;
  for (auto i = sentence.start; i < sentence.end; ++i) {
    if (is_space(text[static_cast<std::size_t>(i)])) continue;
    if (start < 0) start = i;
    if (ends_token(text, i, sentence.end)) {
      tokens.push_back({start, i + 1, 0});
      start = -1;
    }
  }
  if (start >= 0) tokens.push_back({start, sentence.end, 0});
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    tokens[i].cut_after = cost_by_mark(text, tokens[i]);
    if (i + 1 == tokens.size()) continue;
    const bool conjunction = std::ranges::find(kConjunctions, lower_word(text, tokens[i + 1])) != kConjunctions.end();
    if (conjunction) tokens[i].cut_after = std::min(tokens[i].cut_after, tokens[i].cut_after < 1 ? 0.3 : 2.0);
  }
  return tokens;
}

double size_cost(std::size_t words, int wanted) {
  const double off = (static_cast<double>(words) - wanted) / wanted;
  return off * off + (words < 6 ? 4.0 : 0.0);
}

}  // namespace

std::vector<Span> cut_clauses(std::u32string_view text, Span sentence, int wanted, int most) {
  const std::vector<Token> tokens = tokens_of(text, sentence);
  const std::size_t count = tokens.size();
  std::vector<double> best(count + 1, std::numeric_limits<double>::infinity());
  std::vector<std::size_t> from(count + 1, 0);
  best[0] = 0;
  for (std::size_t to = 1; to <= count; ++to) {
    const double cut = to == count ? 0.0 : tokens[to - 1].cut_after;
    const std::size_t first = to > static_cast<std::size_t>(most) ? to - static_cast<std::size_t>(most) : 0;
    for (std::size_t start = first; start < to; ++start) {
      const double cost = best[start] + cut + size_cost(to - start, wanted);
      if (cost < best[to]) {
        best[to] = cost;
        from[to] = start;
      }
    }
  }
  std::vector<Span> spans;
  for (std::size_t to = count; to > 0; to = from[to]) spans.push_back({tokens[from[to]].start, tokens[to - 1].end});
  std::ranges::reverse(spans);
  return spans;
}

}  // namespace gibsey::retrieval
