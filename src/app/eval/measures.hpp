#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace gibsey::app {

/// How good one ranking of pages is, each 0..1.
struct RankingScore {
  double ndcg = 0;    ///< of the first ten; gains are the grades
  double recall = 0;  ///< share of the relevant pages among the first ten
  double first = 0;   ///< 1 where the first page is relevant
};

/// `ranking` holds page ids, best first, each once; `relevant` has at least one page.
[[nodiscard]] RankingScore score_ranking(std::span<const std::string> ranking, const std::map<std::string, int>& relevant);

/// A mean with the bounds of its 95 % interval.
struct Interval {
  double mean = 0;
  double low = 0;
  double high = 0;
};

/// Mean of a[i] - b[i] with the interval by paired bootstrap (percentiles of the means of 2,000 samples of the questions, drawn
/// with replacement). The same seed gives the same interval on every machine. Both have the same length; 0 for none.
[[nodiscard]] Interval bootstrap_difference(std::span<const double> a, std::span<const double> b, std::uint64_t seed);

[[nodiscard]] double mean_of(std::span<const double> values);

}  // namespace gibsey::app
