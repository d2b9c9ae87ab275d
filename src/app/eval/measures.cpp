#include "app/eval/measures.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <random>

namespace gibsey::app {
namespace {

constexpr std::size_t kDepth = 10;
constexpr std::size_t kSamples = 2000;

double discount(std::size_t place) {
  return 1 / std::log2(static_cast<double>(place) + 2);
}

double ideal_gain(const std::map<std::string, int>& relevant) {
  std::vector<int> grades;
  for (const auto& [page, grade] : relevant) grades.push_back(grade);
  std::ranges::sort(grades, std::greater{});
  double gain = 0;
  for (std::size_t i = 0; i < std::min(kDepth, grades.size()); ++i) gain += grades[i] * discount(i);
  return gain;
}

}  // namespace

RankingScore score_ranking(std::span<const std::string> ranking, const std::map<std::string, int>& relevant) {
  RankingScore score;
  double found = 0;
  for (std::size_t i = 0; i < std::min(kDepth, ranking.size()); ++i) {
    const auto at = relevant.find(ranking[i]);
    if (at == relevant.end()) continue;
    score.ndcg += at->second * discount(i);
    found += 1;
    if (i == 0) score.first = 1;
  }
  score.ndcg /= ideal_gain(relevant);
  score.recall = found / static_cast<double>(relevant.size());
  return score;
}

double mean_of(std::span<const double> values) {
  return values.empty() ? 0 : std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

Interval bootstrap_difference(std::span<const double> a, std::span<const double> b, std::uint64_t seed) {
  std::vector<double> differences(a.begin(), a.end());
  for (std::size_t i = 0; i < differences.size(); ++i) differences[i] -= b[i];
  Interval interval{.mean = mean_of(differences)};
  if (differences.empty()) return interval;
  // The engine's numbers are the standard's; a distribution's would be the library's own.
  std::mt19937_64 random(seed);
  std::vector<double> means;
  for (std::size_t sample = 0; sample < kSamples; ++sample) {
    double sum = 0;
    for (std::size_t i = 0; i < differences.size(); ++i) sum += differences[random() % differences.size()];
    means.push_back(sum / static_cast<double>(differences.size()));
  }
  std::ranges::sort(means);
  interval.low = means[kSamples * 25 / 1000];
  interval.high = means[kSamples * 975 / 1000 - 1];
  return interval;
}

}  // namespace gibsey::app
