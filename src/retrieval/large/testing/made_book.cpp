#include "retrieval/large/testing/made_book.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <string_view>

namespace gibsey::testing {
namespace {

// About in the order and the proportions of English prose (each is half of its share there; the other half are the rest).
constexpr std::array<std::string_view, 48> kFunctionWords = {
    "the", "of",  "and",  "to",  "a",   "in", "that",  "he",    "was", "it",   "his",  "is",    "with", "as",   "i",     "had",
    "for", "at",  "by",   "on",  "not", "be", "from",  "but",   "you", "or",   "her",  "which", "have", "they", "are",   "this",
    "all", "she", "were", "him", "one", "so", "there", "their", "an",  "said", "them", "we",    "who",  "been", "would", "no"};
constexpr double kFunctionShare = 0.48;
constexpr double kChapterShare = 0.12;
constexpr double kPhraseShare = 0.2;
constexpr std::size_t kChapterPages = 30;
constexpr std::size_t kChapterWords = 150;
// Zipf's law as Mandelbrot has it: the frequency of rank r is as 1 / (r + 2.7)^1.08.
constexpr double kShift = 2.7;
constexpr double kExponent = 1.08;
constexpr double kMostRank = 4e6;

double uniform(std::mt19937_64& random) {
  return std::uniform_real_distribution<double>(0, 1)(random);
}

/// A rank by that law, by the inverse of its integral.
std::uint64_t zipf_rank(std::mt19937_64& random) {
  const double power = 1 - kExponent;
  const double low = std::pow(1 + kShift, power);
  const double high = std::pow(kMostRank + kShift, power);
  return static_cast<std::uint64_t>(std::pow(low + uniform(random) * (high - low), 1 / power) - kShift);
}

/// The word of a rank: syllables, fewer for the frequent.
std::string made_word(std::uint64_t rank) {
  constexpr std::array<std::string_view, 20> kStarts = {"b", "d", "f", "g", "h",  "k",  "l",  "m",  "n",  "p",
                                                        "r", "s", "t", "v", "br", "st", "tr", "ch", "sh", "gl"};
  constexpr std::array<std::string_view, 10> kEnds = {"a", "e", "i", "o", "u", "an", "or", "el", "im", "ok"};
  std::string word;
  for (std::uint64_t rest = rank + 20; rest > 0; rest /= 200) {
    word += kStarts[rest % 20];
    word += kEnds[rest / 20 % 10];
  }
  return word;
}

/// SplitMix64 (Steele, Lea and Flood 2014).
std::uint64_t mixed(std::uint64_t a, std::uint64_t b) {
  std::uint64_t z = a * 0xD1342543DE82EF95 + (b + 1) * 0x9E3779B97F4A7C15;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

/// A name that nobody else has.
std::string made_name(std::uint64_t number) {
  std::string name = "Q" + made_word(10'000'000 + number * 7919);
  return name;
}

}  // namespace

std::string MadeBook::word(std::mt19937_64& random, std::size_t chapter, std::string_view previous) const {
  const double kind = uniform(random);
  if (kind < kPhraseShare && !previous.empty()) {
    // What a word is followed by in a phrase hangs on it alone.
    const std::uint64_t next = std::hash<std::string_view>()(previous) % 997;
    return next % 2 == 0 ? std::string(kFunctionWords[next % kFunctionWords.size()]) : made_word(next);
  }
  if (kind < kPhraseShare + kFunctionShare) {
    // Squared: the first ones come most.
    const double place = uniform(random) * uniform(random) * uniform(random);
    return std::string(kFunctionWords[static_cast<std::size_t>(place * kFunctionWords.size())]);
  }
  if (kind < kPhraseShare + kFunctionShare + kChapterShare) {
    const auto which = static_cast<std::uint64_t>(uniform(random) * kChapterWords);
    return made_word(1000 + mixed(shape_.seed + chapter, which) % 100'000);
  }
  return made_word(zipf_rank(random));
}

std::string MadeBook::page_id(std::size_t number) const {
  return fmt::format("{:07}", number + 1);
}

model::PageContent MadeBook::page(std::size_t number) const {
  std::mt19937_64 random(mixed(shape_.seed, number));
  model::PageContent content;
  model::Page& page = content.page;
  page.world = shape_.world;
  page.id = page_id(number);
  page.label = std::to_string(number + 1);
  page.order = static_cast<std::int64_t>(number);
  page.version = 1;
  page.chapter = fmt::format("Chapter {}", number / kChapterPages + 1);
  page.voice = number % 5 == 0 ? fmt::format("voice-{}", number / kChapterPages % 8) : "";
  const bool says = shape_.planted_every > 0 && number % shape_.planted_every == 0;
  std::string previous;
  for (std::size_t passage = 0; passage < shape_.passages_a_page; ++passage) {
    const std::size_t wanted = 60 + random() % 70;
    const auto passage_start = static_cast<std::int32_t>(page.text.size());
    for (std::size_t words = 0; words < wanted;) {
      const auto start = page.text.size();
      const std::size_t length = 8 + random() % 13;
      if (says && passage == 1 && words == 0) {
        const std::size_t which = number / shape_.planted_every;
        page.text += fmt::format("The keeper of {} hid the silver {} under", made_name(which * 2), made_name(which * 2 + 1));
        previous = "under";
      }
      for (std::size_t i = 0; i < length; ++i) {
        std::string next = word(random, number / kChapterPages, previous);
        previous = next;
        if (page.text.size() == start) next[0] = static_cast<char>(next[0] - 'a' + 'A');
        if (page.text.size() != start) page.text += ' ';
        page.text += next;
      }
      page.text += '.';
      content.quotes.push_back({page.world, page.id, static_cast<int>(passage), static_cast<std::int32_t>(start),
                                static_cast<std::int32_t>(page.text.size()), static_cast<int>(length), 1,
                                page.text.substr(start)});
      page.text += ' ';
      words += length;
    }
    const auto passage_end = static_cast<std::int32_t>(page.text.size()) - 1;
    content.passages.push_back(
        {page.world, page.id, static_cast<int>(passage), passage_start, passage_end,
         page.text.substr(static_cast<std::size_t>(passage_start), static_cast<std::size_t>(passage_end - passage_start))});
  }
  page.text.pop_back();
  page.content_hash = fmt::format("{:016x}", std::hash<std::string>()(page.text));
  return content;
}

std::size_t MadeBook::planted_count() const {
  return shape_.planted_every == 0 ? 0 : (shape_.pages + shape_.planted_every - 1) / shape_.planted_every;
}

Planted MadeBook::planted(std::size_t which) const {
  const std::size_t page_number = which * shape_.planted_every;
  const auto content = page(page_number);
  const std::string& line = content.quotes[content.quotes.size() / 2].text;
  std::vector<std::string> words;
  for (std::size_t at = 0; at < line.size() && words.size() < 9;) {
    const auto end = std::min(line.find_first_of(" .", at), line.size());
    words.push_back(line.substr(at, end - at));
    at = end + 1;
  }
  return {page_number,
          fmt::format("Where did the keeper of {} hide the silver {}?", made_name(which * 2), made_name(which * 2 + 1)),
          fmt::format("{}", fmt::join(words, " "))};
}

std::string MadeBook::some_question(std::uint64_t number) const {
  std::mt19937_64 random(mixed(shape_.seed + 77, number));
  const std::size_t chapter = random() % (shape_.pages / kChapterPages + 1);
  std::string question = "Why did";
  std::string previous = "did";
  const std::size_t words = 5 + random() % 8;
  for (std::size_t i = 0; i < words; ++i) {
    previous = word(random, chapter, previous);
    question += ' ' + previous;
  }
  return question + '?';
}

MadeVectors::MadeVectors(std::vector<std::vector<float>> real, float spread, std::uint64_t seed)
    : real_(std::move(real)), spread_(spread), seed_(seed) {
  double sum = 0;
  constexpr int kPairs = 200;
  std::mt19937_64 random(seed);
  for (int i = 0; i < kPairs; ++i) {
    const auto& a = real_[random() % real_.size()];
    const auto& b = real_[random() % real_.size()];
    double squares = 0;
    for (std::size_t j = 0; j < a.size(); ++j) squares += static_cast<double>((a[j] - b[j]) * (a[j] - b[j]));
    sum += std::sqrt(squares);
  }
  difference_ = static_cast<float>(sum / kPairs);
}

void MadeVectors::lean(std::vector<float>& vector, float spread, std::mt19937_64& random) const {
  constexpr int kDifferences = 4;
  const float share = spread / difference_ / std::sqrt(static_cast<float>(kDifferences));
  for (int i = 0; i < kDifferences; ++i) {
    const auto& a = real_[random() % real_.size()];
    const auto& b = real_[random() % real_.size()];
    for (std::size_t j = 0; j < vector.size(); ++j) vector[j] += share * (a[j] - b[j]);
  }
  float squares = 0;
  for (const float value : vector) squares += value * value;
  for (float& value : vector) value /= std::sqrt(squares);
}

std::vector<float> MadeVectors::vector(std::uint64_t number) const {
  std::mt19937_64 random(mixed(seed_, number));
  auto vector = real_[random() % real_.size()];
  lean(vector, spread_, random);
  return vector;
}

std::vector<float> MadeVectors::question(std::uint64_t number, float spread) const {
  std::mt19937_64 random(mixed(seed_ + 1, number));
  auto near = vector(number);
  lean(near, spread, random);
  return near;
}

std::vector<std::vector<float>> clustered_vectors(std::size_t count, std::size_t dimension, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal;
  std::vector<std::vector<float>> centres(20, std::vector<float>(dimension));
  for (auto& centre : centres) std::ranges::generate(centre, [&] { return normal(random); });
  std::vector<std::vector<float>> vectors;
  for (std::size_t i = 0; i < count; ++i) {
    auto vector = centres[random() % centres.size()];
    float squares = 0;
    for (float& value : vector) {
      value += 0.7f * normal(random);
      squares += value * value;
    }
    for (float& value : vector) value /= std::sqrt(squares);
    vectors.push_back(std::move(vector));
  }
  return vectors;
}

}  // namespace gibsey::testing
