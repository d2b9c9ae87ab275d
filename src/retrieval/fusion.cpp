#include "retrieval/fusion.hpp"

#include "retrieval/vector_index.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace gibsey::retrieval {
namespace {

// Chosen on the first half of the books of fairytaleqa_dev and novel_pages_dev, and of the questions of cranfield and xquad_en
// (`gibsey eval retrieval --half first`), one set of numbers for all; both halves are reported in docs/decisions/0013. Around
// them quality changes by less than 0.01 nDCG@10.
constexpr FusionWeights kQuestion{.words = 1.0f, .pairs = 0.7f, .text = 1.8f, .vectors = 1.0f, .nearby = 0.2f};
constexpr FusionWeights kLeadingPage{.words = 1.0f, .pairs = 1.2f, .text = 1.8f, .vectors = 0.5f, .nearby = 0.1f};
constexpr FusionWeights kQuotedLine{.words = 1.0f, .pairs = 6.0f, .text = 1.8f, .vectors = 0.0f, .nearby = 0.0f};
// Of lines that readers half remember, without marks around them, the right page leads by 0.58 (median); of questions about
// abstracts, whose turns of phrase stand on many pages, by 0.16.
constexpr float kLeadOfQuestion = 0.3f;
constexpr float kLeadOfLine = 0.6f;
constexpr float kNextButOne = 0.5f;
// Which of the right page's passages holds the line.
constexpr float kPairsOfPassage = 0.1f;

float step(float value, float from, float to) {
  return std::clamp((value - from) / (to - from), 0.0f, 1.0f);
}

/// How far the page with the most of the question's word pairs is ahead of the next, 0..1.
float lead_of_pairs(const TextScores& scores) {
  float first = 0;
  float second = 0;
  for (const float score : scores.pairs) {
    if (score > first) {
      second = first;
      first = score;
    } else {
      second = std::max(second, score);
    }
  }
  return first > 0 ? (first - second) / first : 0.0f;
}

struct Moments {
  double mean = 0;
  double deviation = 0;
};

/// Of the values that are sampled; of all where `sampled` is empty.
Moments moments_of(std::span<const float> values, const std::vector<bool>& sampled) {
  double sum = 0;
  double squares = 0;
  std::size_t count = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const float value = values[i];
    if (value == VectorIndex::kNone || (!sampled.empty() && !sampled[i])) continue;
    sum += value;
    squares += static_cast<double>(value) * value;
    ++count;
  }
  if (count == 0) return {};
  const double mean = sum / static_cast<double>(count);
  return {mean, std::sqrt(std::max(0.0, squares / static_cast<double>(count) - mean * mean))};
}

/// The best passage of every page, less the mean of that over the book, so that the first and last page lose nothing by having no
/// neighbour. 0 for a page without passages.
std::vector<float> best_of_pages(std::span<const float> fused, std::span<const std::uint32_t> page_of,
                                 const std::vector<bool>& sampled) {
  constexpr float kNone = std::numeric_limits<float>::lowest();
  std::vector<float> best(page_of.back() + 1U, kNone);
  std::vector<bool> counts(best.size(), sampled.empty());
  for (std::size_t i = 0; i < fused.size(); ++i) {
    best[page_of[i]] = std::max(best[page_of[i]], fused[i]);
    if (!sampled.empty() && sampled[i]) counts[page_of[i]] = true;
  }
  double sum = 0;
  std::size_t count = 0;
  for (std::size_t page = 0; page < best.size(); ++page) {
    if (best[page] == kNone || !counts[page]) continue;
    sum += best[page];
    ++count;
  }
  const auto mean = static_cast<float>(sum / static_cast<double>(std::max<std::size_t>(count, 1)));
  for (float& score : best) score = score == kNone ? 0.0f : score - mean;
  return best;
}

/// Adds to each passage what its page gains of the two pages before and the two after it.
void add_nearby(std::vector<float>& fused, std::span<const std::uint32_t> page_of, float share,
                const std::vector<bool>& sampled) {
  if (share <= 0 || fused.empty()) return;
  const std::vector<float> best = best_of_pages(fused, page_of, sampled);
  const auto gained = [&best](std::size_t page, std::size_t distance) {
    const float before = page >= distance ? best[page - distance] : 0.0f;
    const float after = page + distance < best.size() ? best[page + distance] : 0.0f;
    return before + after;
  };
  for (std::size_t i = 0; i < fused.size(); ++i) {
    const std::size_t page = page_of[i];
    fused[i] += share * (gained(page, 1) + kNextButOne * gained(page, 2));
  }
}

}  // namespace

FusionWeights choose_weights(const TextScores& scores, bool has_vectors) {
  FusionWeights weights = kQuotedLine;
  if (!scores.quotes_line || scores.longest_run == 0) {
    const float lead = scores.quotes_line ? 0.0f : step(lead_of_pairs(scores), kLeadOfQuestion, kLeadOfLine);
    weights = {.words = std::lerp(kQuestion.words, kLeadingPage.words, lead),
               .pairs = std::lerp(kQuestion.pairs, kLeadingPage.pairs, lead),
               .text = std::lerp(kQuestion.text, kLeadingPage.text, lead),
               .vectors = std::lerp(kQuestion.vectors, kLeadingPage.vectors, lead),
               .nearby = std::lerp(kQuestion.nearby, kLeadingPage.nearby, lead)};
  }
  if (!has_vectors) weights.vectors = 0;
  return weights;
}

std::vector<float> z_scores(std::span<const float> values, const std::vector<bool>& sampled) {
  const Moments moments = moments_of(values, sampled);
  std::vector<float> z(values.size(), 0.0f);
  if (moments.deviation < 1e-9) return z;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] != VectorIndex::kNone) z[i] = static_cast<float>((values[i] - moments.mean) / moments.deviation);
  }
  return z;
}

std::vector<float> fuse(const TextScores& scores, std::span<const float> cosines, std::span<const std::uint32_t> page_of,
                        const FusionWeights& weights, const std::vector<bool>& sampled) {
  std::vector<float> words(page_of.size());
  std::vector<float> pairs(page_of.size());
  std::vector<float> text(page_of.size());
  for (std::size_t i = 0; i < page_of.size(); ++i) {
    words[i] = weights.words * (scores.passages[i] + scores.pages[page_of[i]]);
    const float of_passage = scores.passage_pairs.empty() ? 0.0f : scores.passage_pairs[i];
    pairs[i] = weights.pairs * (scores.pairs[page_of[i]] + kPairsOfPassage * of_passage);
    text[i] = words[i] + pairs[i];
  }
  const double deviation = moments_of(text, sampled).deviation;
  const float unit = deviation < 1e-9 ? 0.0f : weights.text / static_cast<float>(deviation);
  const std::vector<float> vectors = z_scores(cosines, sampled);
  std::vector<float> fused(page_of.size());
  for (std::size_t i = 0; i < fused.size(); ++i) {
    fused[i] = unit * words[i];
    if (!vectors.empty()) fused[i] += weights.vectors * vectors[i];
  }
  add_nearby(fused, page_of, weights.nearby, sampled);
  // A line stands on one page: its pairs lend nothing to the neighbours.
  for (std::size_t i = 0; i < fused.size(); ++i) fused[i] += unit * pairs[i];
  return fused;
}

}  // namespace gibsey::retrieval
