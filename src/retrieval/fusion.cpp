#include "retrieval/fusion.hpp"

#include "retrieval/vector_index.hpp"

#include <algorithm>
#include <cmath>

namespace gibsey::retrieval {
namespace {

// Of the weights tried on questions about fairy tales and on half-remembered lines of novels, one set for each. Around
// them quality changes by less than 0.003 nDCG@10.
constexpr FusionWeights kQuestion{1.0f, 1.0f, 0.6f, 1.0f};
constexpr FusionWeights kLine{0.2f, 0.2f, 2.0f, 0.0f};
// Three words in a row are common in any book; six are a line of this one.
constexpr float kRunOfQuestion = 2.0f;
constexpr float kRunOfLine = 5.0f;
// A question that is mostly one run is a line typed without more around it.
constexpr float kShareOfQuestion = 0.3f;
constexpr float kShareOfLine = 0.6f;
constexpr int kRunWithShare = 2;

float step(float value, float from, float to) {
  return std::clamp((value - from) / (to - from), 0.0f, 1.0f);
}

/// 0 for a question about something, 1 for a line that the reader half remembers.
float line_likeness(const TextScores& scores) {
  if (scores.quotes_line) return scores.longest_run > 0 ? 1.0f : 0.0f;
  const auto run = static_cast<float>(scores.longest_run);
  const float by_run = step(run, kRunOfQuestion, kRunOfLine);
  if (scores.longest_run < kRunWithShare || scores.pairs_asked == 0) return by_run;
  return std::max(by_run, step(run / static_cast<float>(scores.pairs_asked), kShareOfQuestion, kShareOfLine));
}

}  // namespace

FusionWeights choose_weights(const TextScores& scores, bool has_vectors) {
  const float line = line_likeness(scores);
  FusionWeights weights{std::lerp(kQuestion.passages, kLine.passages, line), std::lerp(kQuestion.pages, kLine.pages, line),
                        std::lerp(kQuestion.pairs, kLine.pairs, line), std::lerp(kQuestion.vectors, kLine.vectors, line)};
  if (!has_vectors) weights.vectors = 0;
  return weights;
}

std::vector<float> z_scores(std::span<const float> values) {
  double sum = 0;
  double squares = 0;
  std::size_t count = 0;
  for (const float value : values) {
    if (value == VectorIndex::kNone) continue;
    sum += value;
    squares += static_cast<double>(value) * value;
    ++count;
  }
  std::vector<float> z(values.size(), 0.0f);
  if (count == 0) return z;
  const double mean = sum / static_cast<double>(count);
  const double deviation = std::sqrt(std::max(0.0, squares / static_cast<double>(count) - mean * mean));
  if (deviation < 1e-9) return z;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] != VectorIndex::kNone) z[i] = static_cast<float>((values[i] - mean) / deviation);
  }
  return z;
}

std::vector<float> fuse(const TextScores& scores, std::span<const float> cosines, std::span<const std::uint32_t> page_of,
                        const FusionWeights& weights) {
  const std::vector<float> passages = z_scores(scores.passages);
  const std::vector<float> pages = z_scores(scores.pages);
  const std::vector<float> pairs = z_scores(scores.pairs);
  const std::vector<float> vectors = z_scores(cosines);
  std::vector<float> fused(page_of.size(), 0.0f);
  for (std::size_t i = 0; i < fused.size(); ++i) {
    fused[i] = weights.passages * passages[i] + weights.pages * pages[page_of[i]] + weights.pairs * pairs[page_of[i]];
    if (!vectors.empty()) fused[i] += weights.vectors * vectors[i];
  }
  return fused;
}

}  // namespace gibsey::retrieval
