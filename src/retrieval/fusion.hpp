#pragma once
#include "retrieval/text_index.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace gibsey::retrieval {

/// How much each signal counts, in standard deviations within the book.
struct FusionWeights {
  float passages = 0;
  float pages = 0;
  float pairs = 0;
  float vectors = 0;
};

/// Chosen by what kind of question it is. A half-remembered line shows itself by quotation marks, or by a run of words that stand
/// adjacent on a page: the longer the run, alone or as a share of the question, the more the pairs count and the less the
/// meaning. Without vectors their weight is 0.
[[nodiscard]] FusionWeights choose_weights(const TextScores& scores, bool has_vectors);

/// `values` less their mean, in standard deviations; all 0 where they do not differ. Values of VectorIndex::kNone count as the
/// mean.
[[nodiscard]] std::vector<float> z_scores(std::span<const float> values);

/// One score a passage. `page_of` maps passages to pages; `cosines` has one value a passage, or is empty.
[[nodiscard]] std::vector<float> fuse(const TextScores& scores, std::span<const float> cosines,
                                      std::span<const std::uint32_t> page_of, const FusionWeights& weights);

}  // namespace gibsey::retrieval
