#pragma once
#include "model/page.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace gibsey::retrieval {

/// The vectors of one page's passages, by passage. Those that are missing, or not as long as the first, are left out.
struct PageVectors {
  std::size_t dimension = 0;
  std::vector<float> values;  ///< passage after passage
  std::vector<bool> has;      ///< one a passage

  PageVectors(std::size_t passages, std::span<const model::PassageVector> vectors);
};

/// Unit vectors of a book's passages, searched exactly. Immutable; safe to share between threads.
class VectorIndex {
 public:
  /// Passages without a vector of the right dimension stay without one. The dimension is that of the first vector.
  VectorIndex(std::span<const model::PageContent> contents, std::span<const model::PassageVector> vectors);
  /// Of pages in the book's order; shares what they hold.
  explicit VectorIndex(std::vector<std::shared_ptr<const PageVectors>> pages);

  /// Cosine of `query` (unit length) with each passage, numbered as in `contents`; kNone where there is no vector. Empty when
  /// there are no vectors or the dimension differs.
  [[nodiscard]] std::vector<float> score(std::span<const float> query) const;
  [[nodiscard]] std::size_t size() const { return present_; }
  [[nodiscard]] std::size_t memory_bytes() const;

  static constexpr float kNone = -2.0f;

 private:
  std::size_t dimension_ = 0;
  std::size_t present_ = 0;
  std::vector<std::shared_ptr<const PageVectors>> pages_;
  std::vector<const float*> at_;  ///< by passage, into pages_; null: none
};

}  // namespace gibsey::retrieval
