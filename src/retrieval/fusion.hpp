#pragma once
#include "retrieval/text_index.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace gibsey::retrieval {

/// How much each signal counts. BM25 scores are sums of evidence and are added as they are; so a question with few telling words
/// is decided by its word pairs, one with many by its words. That sum and the cosines are then made comparable: each is taken in
/// standard deviations within the book.
struct FusionWeights {
  float words = 0;    ///< BM25 of the passage and of its page, beside `pairs`
  float pairs = 0;    ///< BM25 over adjacent word pairs of the page, and a little of the passage's
  float text = 0;     ///< of the sum of those, against `vectors`
  float vectors = 0;  ///< cosines
  float nearby = 0;   ///< what a page gains of each neighbour's score, half of it of the next but one: a book speaks of a
                      ///< matter on pages that follow each other
};

/// Chosen by what kind of question it is. A half-remembered line shows itself by quotation marks, or by a run of words that stand
/// adjacent on one page far more than on any other: then the pairs count more, the meaning and the neighbours less. Without
/// vectors their weight is 0.
[[nodiscard]] FusionWeights choose_weights(const TextScores& scores, bool has_vectors);

/// `values` less their mean, in standard deviations; all 0 where they do not differ. Values of VectorIndex::kNone count as the
/// mean.
/// With `sampled` mean and deviation are those of the values for which it is true: a part that stands for the whole book.
[[nodiscard]] std::vector<float> z_scores(std::span<const float> values, const std::vector<bool>& sampled = {});

/// One score a passage. `page_of` maps passages to pages, never down; pages whose numbers differ by one or two are held to be
/// neighbours (whoever scores a part of a book leaves two numbers free at a gap). `cosines` and the passages' pairs have one
/// value a passage, or are empty. Of a book that is not scored as a whole `sampled` tells the passages that stand for all of it.
[[nodiscard]] std::vector<float> fuse(const TextScores& scores, std::span<const float> cosines,
                                      std::span<const std::uint32_t> page_of, const FusionWeights& weights,
                                      const std::vector<bool>& sampled = {});

}  // namespace gibsey::retrieval
