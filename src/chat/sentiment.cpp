#include "chat/sentiment.hpp"

#include "chat/sentiment_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <set>
#include <span>
#include <string>

// Python rounds after every operation; a fused multiply-add would not.
#pragma STDC FP_CONTRACT OFF

namespace gibsey::chat {
namespace {

using Words = std::span<const SentimentWord>;

// The constants and the order of the rules are those of vaderSentiment 3.3.2; what looks odd in them is so there.
constexpr double kCapitals = 0.733;
constexpr double kNegation = -0.74;
constexpr double kNeverSo = 1.25;
constexpr double kBoostByDistance[] = {1.0, 0.95, 0.9};
constexpr double kSortOf = -0.293;
constexpr double kNormalisation = 15;
constexpr double kBeforeBut = 0.5;
constexpr double kAfterBut = 1.5;
constexpr double kExclamation = 0.292;
constexpr int kMostExclamations = 4;
constexpr double kQuestion = 0.18;
constexpr double kManyQuestions = 0.96;

struct Idiom {
  std::string_view phrase;
  double valence;
};
constexpr std::array kIdioms = {Idiom{"the shit", 3},   Idiom{"the bomb", 3},       Idiom{"bad ass", 1.5},
                                Idiom{"bus stop", 0.0}, Idiom{"yeah right", -2},    Idiom{"kiss of death", -1.5},
                                Idiom{"to die for", 3}, Idiom{"beating heart", 3.5}};

/// Whether `words`, with a blank between them, are `phrase`.
bool say(Words words, std::string_view phrase) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) {
      if (!phrase.starts_with(' ')) return false;
      phrase.remove_prefix(1);
    }
    if (!phrase.starts_with(words[i].lower)) return false;
    phrase.remove_prefix(words[i].lower.size());
  }
  return phrase.empty();
}

const Idiom* idiom_of(Words words) {
  const auto found = std::ranges::find_if(kIdioms, [&](const Idiom& idiom) { return say(words, idiom.phrase); });
  return found == kIdioms.end() ? nullptr : &*found;
}

/// The strength of each word, from the words around it.
class Rules {
 public:
  explicit Rules(const SentimentText& text) : words_(text.words), mixed_case_(text.mixed_case) {}

  [[nodiscard]] std::vector<double> valences() const {
    std::vector<double> valences;
    valences.reserve(words_.size());
    for (std::size_t i = 0; i < words_.size(); ++i) {
      const bool kind_of = words_[i].is("kind") && i + 1 < words_.size() && words_[i + 1].is("of");
      const bool counts = words_[i].entry.valence && words_[i].entry.boost == 0 && !kind_of;
      valences.push_back(counts ? valence(i) : 0.0);
    }
    weigh_around_but(valences);
    return valences;
  }

 private:
  [[nodiscard]] double valence(std::size_t i) const {
    double valence = *words_[i].entry.valence;
    if (words_[i].is("no") && i + 1 < words_.size() && words_[i + 1].entry.valence) valence = 0;
    if (follows_no(i)) valence = *words_[i].entry.valence * kNegation;
    if (words_[i].all_caps && mixed_case_) valence += valence > 0 ? kCapitals : -kCapitals;
    for (std::size_t distance = 1; distance <= 3 && distance <= i; ++distance) {
      if (words_[i - distance].entry.valence) continue;
      valence += boost(words_[i - distance], valence) * kBoostByDistance[distance - 1];
      valence *= negation(i, distance);
      if (distance == 3) valence = with_idioms(i, valence);
    }
    return valence * least(i);
  }

  [[nodiscard]] bool follows_no(std::size_t i) const {
    return (i > 0 && words_[i - 1].is("no")) || (i > 1 && words_[i - 2].is("no")) ||
           (i > 2 && words_[i - 3].is("no") && (words_[i - 1].is("or") || words_[i - 1].is("nor")));
  }

  [[nodiscard]] double boost(const SentimentWord& word, double valence) const {
    if (word.entry.boost == 0) return 0;
    const double boost = valence < 0 ? -word.entry.boost : word.entry.boost;
    if (!word.all_caps || !mixed_case_) return boost;
    return valence > 0 ? boost + kCapitals : boost - kCapitals;
  }

  [[nodiscard]] double negation(std::size_t i, std::size_t distance) const {
    const SentimentWord& word = words_[i - distance];
    const auto so = [&](std::size_t back) { return words_[i - back].is("so") || words_[i - back].is("this"); };
    if (distance == 2) {
      if (word.is("never") && so(1)) return kNeverSo;
      if (word.is("without") && words_[i - 1].is("doubt")) return 1;
    }
    if (distance == 3) {
      if ((word.is("never") && so(2)) || so(1)) return kNeverSo;
      if (word.is("without") && (words_[i - 2].is("doubt") || words_[i - 1].is("doubt"))) return 1;
    }
    return word.entry.negates ? kNegation : 1;
  }

  /// Phrases of two or three words near words_[i], which has three words before it.
  [[nodiscard]] double with_idioms(std::size_t i, double valence) const {
    struct Span {
      std::size_t back, count;
    };
    for (const auto [back, count] : {Span{1, 2}, Span{2, 3}, Span{2, 2}, Span{3, 3}, Span{3, 2}}) {
      if (const Idiom* idiom = idiom_of(words_.subspan(i - back, count))) {
        valence = idiom->valence;
        break;
      }
    }
    for (const std::size_t count : {2U, 3U}) {
      if (i + count > words_.size()) break;
      if (const Idiom* idiom = idiom_of(words_.subspan(i, count))) valence = idiom->valence;
    }
    for (const std::size_t back : {3U, 2U}) {
      const Words pair = words_.subspan(i - back, 2);
      if (say(pair, "sort of") || say(pair, "kind of") || say(pair, "just enough")) valence += kSortOf;
    }
    return valence;
  }

  /// "the least good" turns the word round, "at least good" and "very least good" do not.
  [[nodiscard]] double least(std::size_t i) const {
    if (i == 0 || !words_[i - 1].is("least")) return 1;
    return i > 1 && (words_[i - 2].is("at") || words_[i - 2].is("very")) ? 1 : kNegation;
  }

  /// What follows the first "but" weighs more than what stands before it. The reference walks the list and changes, for each
  /// value that it meets, the first entry that is equal to it.
  void weigh_around_but(std::vector<double>& valences) const {
    const auto but = std::ranges::find_if(words_, [](const SentimentWord& word) { return word.is("but"); });
    if (but == words_.end()) return;
    const auto place = static_cast<std::size_t>(but - words_.begin());
    std::map<double, std::set<std::size_t>> places;
    for (std::size_t i = 0; i < valences.size(); ++i) places[valences[i]].insert(i);
    for (std::size_t i = 0; i < valences.size(); ++i) {
      const double valence = valences[i];
      auto& equal = places[valence];
      const std::size_t first = *equal.begin();
      if (valence == 0 || first == place) continue;
      equal.erase(equal.begin());
      valences[first] = valence * (first < place ? kBeforeBut : kAfterBut);
      places[valences[first]].insert(first);
    }
  }

  Words words_;
  bool mixed_case_;
};

double emphasis(const SentimentText& text) {
  const double exclamations = std::min(text.exclamations, kMostExclamations) * kExclamation;
  if (text.questions <= 1) return exclamations;
  return exclamations + (text.questions <= 3 ? text.questions * kQuestion : kManyQuestions);
}

/// Python's round(): exact on the decimal digits of the double, a tie goes to the even digit.
double rounded(double value, int digits) {
  std::array<char, 32> text{};
  const auto written = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed, digits);
  double result = 0;
  std::from_chars(text.data(), written.ptr, result);
  return result;
}

double compound(std::span<const double> valences, double emphasis) {
  double sum = 0;
  for (const double valence : valences) sum += valence;
  if (sum > 0) sum += emphasis;
  if (sum < 0) sum -= emphasis;
  return std::clamp(sum / std::sqrt(sum * sum + kNormalisation), -1.0, 1.0);
}

}  // namespace

Result<Sentiments> Sentiments::load(const std::filesystem::path& folder) {
  GIBSEY_TRY(SentimentLexicon lexicon, SentimentLexicon::load(folder / "vader_lexicon.txt", folder / "emoji_utf8_lexicon.txt"));
  return Sentiments(std::move(lexicon));
}

model::Sentiment Sentiments::score(std::string_view text) const {
  const SentimentText read = read_sentiment_text(text, lexicon_);
  if (read.words.empty()) return {};
  const std::vector<double> valences = Rules(read).valences();
  double positive = 0;
  double negative = 0;
  double neutral = 0;
  for (const double valence : valences) {
    // 1 more in either direction makes up for the neutral words, which count 1 each.
    if (valence > 0) positive += valence + 1;
    if (valence < 0) negative += valence - 1;
    if (valence == 0) neutral += 1;
  }
  const double added = emphasis(read);
  if (positive > std::abs(negative)) {
    positive += added;
  } else if (positive < std::abs(negative)) {
    negative -= added;
  }
  const double total = positive + std::abs(negative) + neutral;
  return {.compound = rounded(compound(valences, added), 4),
          .positive = rounded(std::abs(positive / total), 3),
          .negative = rounded(std::abs(negative / total), 3),
          .neutral = rounded(std::abs(neutral / total), 3)};
}

}  // namespace gibsey::chat
