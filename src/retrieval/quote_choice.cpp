#include "retrieval/quote_choice.hpp"

#include "base/utf8.hpp"
#include "retrieval/words.hpp"

#include <unicode/uchar.h>

#include <algorithm>
#include <array>
#include <functional>
#include <iterator>
#include <string>
#include <utility>

namespace gibsey::retrieval {
namespace {

// In standard deviations of the passage score, so that a fitting line of the second passage may win against a poor one of the
// first.
constexpr double kCloseness = 2.5;
constexpr double kRun = 0.35;
constexpr double kEchoesQuestion = -1.5;
constexpr int kEchoRun = 4;
constexpr double kTwoSentences = 0.35;
constexpr double kClause = -0.35;
constexpr double kLeansOnEarlier = -0.5;
constexpr double kShort = -0.4;
// What the second quote of a passage is behind, as a share of the best passage's score: most readers want another page first.
constexpr double kSecondOfPassage = 0.35;
constexpr double kSecondLeast = 1.5;
/// A line that asks is no answer to a question, however many of its words it holds.
constexpr double kAsksBack = -2.0;
constexpr int kShortWords = 8;
constexpr std::size_t kPassagesLeast = 12;
// Of adjacent words: one word changed in ten leaves 0.78 of them, another sentence that happens to begin alike far less.
constexpr double kSameWording = 0.7;

/// The question, taken apart once for all candidates.
struct Question {
  std::vector<std::string> words;
  std::vector<std::string> stems;
  std::vector<float> idf;
  float total = 0;
  bool asks = false;
};

Question take_apart(std::string_view text, const WordStatistics& index) {
  Question question{
      .words = words_of(text), .stems = index.content_stems(text), .asks = text.find('?') != std::string_view::npos};
  for (const std::string& stem : question.stems) {
    question.idf.push_back(index.idf(stem));
    question.total += question.idf.back();
  }
  return question;
}

/// Share of the question's content, by idf, that the candidate holds.
double closeness(const Question& question, const std::vector<std::string>& stems) {
  float held = 0;
  for (std::size_t i = 0; i < question.stems.size(); ++i) {
    if (std::ranges::find(stems, question.stems[i]) != stems.end()) held += question.idf[i];
  }
  return question.total > 0 ? static_cast<double>(held / question.total) : 0.0;
}

/// Length of the longest run of words that both have.
int longest_common_run(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  std::vector<int> ends(b.size() + 1, 0);
  int longest = 0;
  for (const std::string& word : a) {
    for (std::size_t j = b.size(); j > 0; --j) {
      ends[j] = word == b[j - 1] ? ends[j - 1] + 1 : 0;
      longest = std::max(longest, ends[j]);
    }
  }
  return longest;
}

/// "Which he did.", "and so on": begins in the middle, or with a word that points back.
bool leans_on_earlier(const model::QuoteCandidate& quote, const std::vector<std::string>& words, const std::string& language) {
  static constexpr std::array<std::string_view, 22> kPointing = {
      "and", "but", "or",   "so",   "then", "which", "who",   "whom", "it",    "this", "that",
      "he",  "she", "they", "them", "him",  "these", "those", "such", "there", "nor",  "her"};
  std::string_view text = quote.text;
  while (!text.empty()) {
    const utf8::Decoded first = utf8::decode(text);
    const auto c = static_cast<UChar32>(first.code_point);
    if (u_isalnum(c)) {
      if (u_islower(c)) return true;
      break;
    }
    text.remove_prefix(first.length);
  }
  if (!language.starts_with("en")) return words.empty();
  return words.empty() || std::ranges::find(kPointing, words.front()) != kPointing.end();
}

double score_of(const model::QuoteCandidate& quote, const Question& question, const WordStatistics& index) {
  const std::vector<std::string> words = words_of(quote.text);
  double score = kCloseness * closeness(question, index.content_stems(quote.text));
  const int run = longest_common_run(question.words, words);
  // Words that stand in a row are what a reader half remembers; to a question they are the question again, not an answer.
  if (!question.asks && run >= 3) score += kRun * std::min(run, 8);
  if (question.asks && run >= kEchoRun && quote.text.contains('?')) score += kEchoesQuestion;
  if (quote.sentences == 2) score += kTwoSentences;
  if (quote.sentences == 0) score += kClause;
  if (quote.words < kShortWords) score += kShort;
  if (question.asks && quote.text.find('?') != std::string::npos) score += kAsksBack;
  if (leans_on_earlier(quote, words, index.language())) score += kLeansOnEarlier;
  return score;
}

bool overlap(const model::QuoteCandidate& a, const model::QuoteCandidate& b) {
  return a.start < b.end && b.start < a.end;
}

/// By score; of equals the one that comes first in the book.
bool ranks_before(const ChosenQuote& a, const ChosenQuote& b) {
  if (a.score != b.score) return a.score > b.score;
  return std::pair(a.passage, a.quote->start) < std::pair(b.passage, b.quote->start);
}

/// The best candidate of a passage and the best beside it.
void add_best_of(const RankedPassage& passage, const Question& question, const WordStatistics& index, double second_behind,
                 std::vector<ChosenQuote>& chosen) {
  std::vector<ChosenQuote> quotes;
  for (const model::QuoteCandidate& quote : passage.quotes) {
    quotes.push_back({passage.passage, &quote, static_cast<double>(passage.score) + score_of(quote, question, index)});
  }
  std::ranges::sort(quotes, ranks_before);
  const model::QuoteCandidate* best = nullptr;
  for (ChosenQuote& quote : quotes) {
    if (best == nullptr) {
      best = quote.quote;
      chosen.push_back(quote);
    } else if (!overlap(*best, *quote.quote)) {
      quote.score -= second_behind;
      chosen.push_back(quote);
      return;
    }
  }
}

/// The adjacent words of a text, to tell whether another says the same.
class Wording {
 public:
  void add(std::string_view text) {
    const std::vector<std::string> words = words_of(text);
    for (std::size_t i = 1; i < words.size(); ++i) pairs_.push_back(std::hash<std::string>()(words[i - 1] + ' ' + words[i]));
    if (words.size() == 1) pairs_.push_back(std::hash<std::string>()(words.front()));
  }
  void settle() {
    std::ranges::sort(pairs_);
    pairs_.erase(std::ranges::unique(pairs_).begin(), pairs_.end());
  }
  /// Whether the shorter stands nearly word for word in the longer, as a refrain does from one page to the next.
  [[nodiscard]] bool repeats(const Wording& other) const {
    std::vector<std::size_t> shared;
    std::ranges::set_intersection(pairs_, other.pairs_, std::back_inserter(shared));
    const auto shorter = static_cast<double>(std::min(pairs_.size(), other.pairs_.size()));
    return shorter > 0 && static_cast<double>(shared.size()) >= kSameWording * shorter;
  }
  /// The same where neither is a part of the other only.
  [[nodiscard]] bool equals(const Wording& other) const {
    const std::size_t less = std::min(pairs_.size(), other.pairs_.size());
    const std::size_t more = std::max(pairs_.size(), other.pairs_.size());
    return static_cast<double>(less) >= kSameWording * static_cast<double>(more) && repeats(other);
  }

 private:
  std::vector<std::size_t> pairs_;  ///< hashes, each once, sorted by settle()
};

Wording wording_of(std::span<const model::QuoteCandidate> quotes) {
  Wording wording;
  for (const model::QuoteCandidate& quote : quotes) wording.add(quote.text);
  wording.settle();
  return wording;
}

/// The first `k` that say something new. `chosen` come best first.
std::vector<ChosenQuote> without_repetitions(const std::vector<ChosenQuote>& chosen, std::size_t k) {
  std::vector<ChosenQuote> kept;
  std::vector<Wording> said;
  for (const ChosenQuote& quote : chosen) {
    if (kept.size() == k) break;
    Wording wording = wording_of({quote.quote, 1});
    if (std::ranges::any_of(said, [&wording](const Wording& earlier) { return wording.repeats(earlier); })) continue;
    said.push_back(std::move(wording));
    kept.push_back(quote);
  }
  return kept;
}

}  // namespace

std::size_t passages_quoted_from(int k) {
  return std::max(kPassagesLeast, static_cast<std::size_t>(k) * 2);
}

std::vector<RankedPassage> different_passages(std::span<const RankedPassage> passages, std::size_t most) {
  std::vector<RankedPassage> kept;
  std::vector<Wording> known;
  for (const RankedPassage& passage : passages) {
    if (kept.size() == most) break;
    Wording wording = wording_of(passage.quotes);
    if (std::ranges::any_of(known, [&wording](const Wording& better) { return wording.equals(better); })) continue;
    known.push_back(std::move(wording));
    kept.push_back(passage);
  }
  return kept;
}

std::vector<ChosenQuote> choose_quotes(std::string_view question, const WordStatistics& index,
                                       std::span<const RankedPassage> passages, int k) {
  const Question taken = take_apart(question, index);
  std::vector<ChosenQuote> chosen;
  const double best = passages.empty() ? 0.0 : static_cast<double>(passages.front().score);
  const double second_behind = std::max(kSecondLeast, kSecondOfPassage * best);
  for (const RankedPassage& passage : passages) add_best_of(passage, taken, index, second_behind, chosen);
  std::ranges::sort(chosen, ranks_before);
  return without_repetitions(chosen, static_cast<std::size_t>(k));
}

}  // namespace gibsey::retrieval
