#pragma once
#include "base/result.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <stop_token>
#include <vector>

namespace gibsey::retrieval::large {

/// Links of a vector on the lowest level and on those above.
constexpr std::size_t kLinks = 32;
constexpr std::size_t kUpperLinks = 16;
constexpr auto kNoVector = std::numeric_limits<std::uint32_t>::max();

using Links = std::array<std::uint32_t, kLinks>;  ///< kNoVector behind the last
using UpperLinks = std::array<std::uint32_t, kUpperLinks>;

/// The vectors that stand on a level above the lowest.
struct GraphLevel {
  std::vector<std::uint32_t> below;  ///< the place of each on the level below; on the first, the number of its vector
  std::vector<UpperLinks> links;     ///< places on this level
};

/// A navigable small world in levels (Malkov and Yashunin 2018), of vectors numbered from 0. A search begins at the place `entry`
/// of the last level.
struct VectorGraph {
  std::vector<Links> links;
  std::vector<GraphLevel> levels;  ///< from the one above the lowest; each has fewer
  std::uint32_t entry = 0;
};

/// Of vectors with a byte a number, one behind another, and their steps (byte_vectors.hpp), built by hnswlib on `threads`
/// threads. Takes twice the memory of the vectors meanwhile. Errors: cancelled.
Result<VectorGraph> build_graph(std::span<const std::int8_t> bytes, std::span<const float> steps, std::size_t dimension,
                                int threads, const std::stop_token& stop);

}  // namespace gibsey::retrieval::large
