#include "retrieval/chunks.hpp"

#include "retrieval/clauses.hpp"
#include "retrieval/sentences.hpp"
#include "retrieval/words.hpp"

#include <unicode/uchar.h>

#include <algorithm>
#include <array>
#include <limits>

namespace gibsey::retrieval {
namespace {

constexpr int kPassageLeast = 60;
constexpr int kPassageMost = 160;
// Passages of about 80 words gave the best ranking of the sizes tried on novels and fairy tales.
constexpr int kPassageWanted = 85;
constexpr int kQuoteMost = 39;
constexpr int kPairLeast = 8;
constexpr int kSentenceLeast = 5;
constexpr int kClauseLeast = 6;
constexpr int kClauseWanted = 20;
constexpr int kHeadingMost = 12;

bool is_space(char32_t c) {
  return u_isUWhiteSpace(static_cast<UChar32>(c)) != 0;
}

std::u32string_view slice(std::u32string_view text, Span span) {
  return text.substr(static_cast<std::size_t>(span.start), static_cast<std::size_t>(span.end - span.start));
}

/// What passages are put together from: a sentence, or a part of one that is too long for a passage.
std::vector<Sentence> passage_pieces(std::u32string_view text, const std::vector<Sentence>& sentences) {
  std::vector<Sentence> pieces;
  for (const Sentence& sentence : sentences) {
    if (sentence.words <= kPassageMost) {
      pieces.push_back(sentence);
      continue;
    }
    for (const Span part : cut_clauses(text, {sentence.start, sentence.end}, kPassageWanted, kPassageMost - 10)) {
      pieces.push_back({part.start, part.end, sentence.paragraph, count_words(slice(text, part))});
    }
  }
  return pieces;
}

double passage_cost(int words, bool ends_paragraph) {
  const double off = static_cast<double>(words - kPassageWanted) / kPassageWanted;
  double cost = off * off + (ends_paragraph ? 0.0 : 0.15);
  if (words < kPassageLeast) cost += 2.0;
  if (words > kPassageMost) cost += 10.0;
  return cost;
}

/// The cheapest cut of the pieces into passages: [first, last) piece numbers.
std::vector<std::pair<std::size_t, std::size_t>> group_pieces(const std::vector<Sentence>& pieces) {
  const std::size_t count = pieces.size();
  std::vector<double> best(count + 1, std::numeric_limits<double>::infinity());
  std::vector<std::size_t> from(count + 1, 0);
  best[0] = 0;
  for (std::size_t to = 1; to <= count; ++to) {
    const bool ends_paragraph = to == count || pieces[to].paragraph != pieces[to - 1].paragraph;
    int words = 0;
    for (std::size_t start = to; start-- > 0;) {
      words += pieces[start].words;
      if (words > kPassageMost && start + 1 < to) break;
      const double cost = best[start] + passage_cost(words, ends_paragraph);
      if (cost < best[to]) {
        best[to] = cost;
        from[to] = start;
      }
    }
  }
  std::vector<std::pair<std::size_t, std::size_t>> groups;
  for (std::size_t to = count; to > 0; to = from[to]) groups.emplace_back(from[to], to);
  std::ranges::reverse(groups);
  return groups;
}

constexpr std::u32string_view kOpeningMarks = U"\"“‘'([«„_*";
constexpr std::u32string_view kClosingMarks = U"\"”’')]»_*";

Span trim_clause(std::u32string_view text, Span span) {
  constexpr std::u32string_view kLeading = U",;:.-—–―";
  constexpr std::u32string_view kTrailing = U",;:-—–―";
  const auto at = [&](std::int32_t i) { return text[static_cast<std::size_t>(i)]; };
  while (span.start < span.end && (is_space(at(span.start)) || kLeading.contains(at(span.start)))) ++span.start;
  while (span.start < span.end && (is_space(at(span.end - 1)) || kTrailing.contains(at(span.end - 1)))) --span.end;
  return span;
}

bool is_wrapped(std::u32string_view text) {
  if (text.size() < 3) return false;
  const auto inside = text.substr(1, text.size() - 2);
  if (text.front() == U'"' && text.back() == U'"') return !inside.contains(U'"');
  if (text.front() == U'“' && text.back() == U'”') return !inside.contains(U'”');
  return text.front() == U'‘' && text.back() == U'’' && has_balanced_marks(inside);
}

/// Leaves out a quotation mark at either end whose other half is not in the span, and a pair that holds all of it.
Span without_loose_marks(std::u32string_view text, Span span) {
  const auto whole = slice(text, span);
  if (whole.size() < 3) return span;
  if (is_wrapped(whole)) return {span.start + 1, span.end - 1};
  if (has_balanced_marks(whole)) return span;
  const bool opens = kOpeningMarks.contains(whole.front());
  const bool closes = kClosingMarks.contains(whole.back());
  for (const auto [front, back] : {std::pair(1, 0), std::pair(0, 1), std::pair(1, 1)}) {
    if ((front == 1 && !opens) || (back == 1 && !closes)) continue;
    const Span trimmed{span.start + front, span.end - back};
    if (has_balanced_marks(slice(text, trimmed))) return trimmed;
  }
  return span;
}

bool same_words(std::u32string_view a, const std::string& b) {
  return !b.empty() && words_of(to_utf8(a)) == words_of(b);
}

bool has_heading_form(std::u32string_view line) {
  static const std::array<std::string, 11> kNames = {"chapter", "part",  "book",   "letter",   "section", "canto",
                                                     "act",     "scene", "volume", "prologue", "epilogue"};
  bool all_capitals = true;
  bool all_upper = true;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const auto c = static_cast<UChar32>(line[i]);
    if (u_islower(c)) all_upper = false;
    const bool word_start = i == 0 || is_space(line[i - 1]);
    std::size_t length = 0;
    while (word_start && i + length < line.size() && !is_space(line[i + length])) ++length;
    if (word_start && length > 4 && u_islower(c)) all_capitals = false;
  }
  const auto words = words_of(to_utf8(line));
  return all_upper || all_capitals || (!words.empty() && std::ranges::find(kNames, words.front()) != kNames.end());
}

/// Titles are no quotations. A short line without a stop is taken for one where it has the look of it.
bool is_heading(std::u32string_view paragraph, const model::Page& page) {
  if (count_words(paragraph) > kHeadingMost || paragraph.empty()) return false;
  if (same_words(paragraph, page.title) || same_words(paragraph, page.chapter)) return true;
  if (std::u32string_view(U".!?…,;:\"”’')—-*_").contains(paragraph.back())) return false;
  return has_heading_form(paragraph);
}

/// What a pass over a page admits.
struct Admission {
  bool unbalanced = false;
  bool headings = false;
  bool short_ones = false;
};

class QuoteCutter {
 public:
  QuoteCutter(const model::Page& page, std::u32string_view text, const std::vector<Sentence>& sentences, Chunks& chunks)
      : page_(page), text_(text), sentences_(sentences), chunks_(chunks) {
    mark_headings();
  }

  void cut(Admission admission) {
    admission_ = admission;
    std::size_t first = 0;
    for (const model::Passage& passage : chunks_.passages) {
      while (first < sentences_.size() && sentences_[first].end <= passage.start) ++first;
      for (std::size_t i = first; i < sentences_.size() && sentences_[i].start < passage.end; ++i) cut_at(i, passage);
    }
  }

 private:
  void mark_headings() {
    heading_.assign(sentences_.size(), false);
    for (std::size_t i = 0; i < sentences_.size();) {
      std::size_t end = i;
      while (end < sentences_.size() && sentences_[end].paragraph == sentences_[i].paragraph) ++end;
      const bool heading = is_heading(slice(text_, {sentences_[i].start, sentences_[end - 1].end}), page_);
      for (; i < end; ++i) heading_[i] = heading;
    }
  }

  void cut_at(std::size_t i, const model::Passage& passage) {
    const Sentence& sentence = sentences_[i];
    if (heading_[i] && !admission_.headings) return;
    if (sentence.words > kQuoteMost) {
      for (const Span clause : cut_clauses(text_, {sentence.start, sentence.end}, kClauseWanted, kQuoteMost)) {
        add(trim_clause(text_, clause), passage, 0, kClauseLeast);
      }
      return;
    }
    add({sentence.start, sentence.end}, passage, 1, kSentenceLeast);
    if (i + 1 < sentences_.size() && sentences_[i + 1].paragraph == sentence.paragraph) {
      add({sentence.start, sentences_[i + 1].end}, passage, 2, kPairLeast);
    }
  }

  void add(Span span, const model::Passage& passage, int sentences, int least) {
    if (span.start < passage.start || span.end > passage.end || span.start >= span.end) return;
    span = without_loose_marks(text_, span);
    const auto text = slice(text_, span);
    const int words = count_words(text);
    if (words > kQuoteMost || words < (admission_.short_ones ? 1 : least)) return;
    if (!admission_.unbalanced && !has_balanced_marks(text)) return;
    chunks_.quotes.push_back({page_.world, page_.id, passage.number, span.start, span.end, words, sentences, to_utf8(text)});
  }

  const model::Page& page_;
  std::u32string_view text_;
  const std::vector<Sentence>& sentences_;
  Chunks& chunks_;
  std::vector<bool> heading_;
  Admission admission_;
};

}  // namespace

Chunks cut_page(const model::Page& page, const std::string& language) {
  const std::u32string text = to_code_points(page.text);
  const std::vector<Sentence> sentences = find_sentences(text, language);
  const std::vector<Sentence> pieces = passage_pieces(text, sentences);
  Chunks chunks;
  for (const auto& [first, last] : group_pieces(pieces)) {
    const Span span{pieces[first].start, pieces[last - 1].end};
    chunks.passages.push_back(
        {page.world, page.id, static_cast<int>(chunks.passages.size()), span.start, span.end, to_utf8(slice(text, span))});
  }
  QuoteCutter cutter(page, text, sentences, chunks);
  constexpr std::array kPasses = {Admission{}, Admission{.unbalanced = true},
                                  Admission{.unbalanced = true, .headings = true, .short_ones = true}};
  for (const Admission admission : kPasses) {
    if (chunks.quotes.empty()) cutter.cut(admission);
  }
  return chunks;
}

}  // namespace gibsey::retrieval
