#pragma once
#include <cstddef>
#include <span>
#include <vector>

namespace gibsey::jobs {

/// A passage as clustering sees it.
struct ClusterUnit {
  int words = 0;
  int page = 0;               ///< its page's place among those that are clustered
  std::vector<float> vector;  ///< unit length; empty: there is none
};

struct ClusterBounds {
  int least_words = 250;  ///< a smaller cluster is put to its nearest
  int most_words = 900;
  int most_pages = 8;  ///< from the first page of a cluster to its last
  float bar =
      0.35F;  ///< mean cosine of the passages of two clusters that are made one; passages of neighbouring pages get a bonus
};

/// Groups of passages that speak of one matter, as indices in order; groups in the order of their first. Average-link clustering;
/// where a vector is missing, passages that follow each other. Every passage is in one group; the same input gives the same
/// groups.
[[nodiscard]] std::vector<std::vector<std::size_t>> cluster_passages(std::span<const ClusterUnit> units,
                                                                     const ClusterBounds& bounds = {});

/// The mean of vectors of unit length, at unit length; empty where there are none.
[[nodiscard]] std::vector<float> centre_of(std::span<const std::vector<float>> vectors);
[[nodiscard]] float cosine_of(std::span<const float> a, std::span<const float> b);

}  // namespace gibsey::jobs
