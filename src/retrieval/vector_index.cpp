#include "retrieval/vector_index.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace gibsey::retrieval {
namespace {

/// Eight sums side by side, so that the compiler may use vector instructions without being allowed to reorder additions.
float dot(const float* a, const float* b, std::size_t size) {
  std::array<float, 8> sums{};
  std::size_t i = 0;
  for (; i + 8 <= size; i += 8) {
    for (std::size_t lane = 0; lane < 8; ++lane) sums[lane] += a[i + lane] * b[i + lane];
  }
  float sum = 0;
  for (const float part : sums) sum += part;
  for (; i < size; ++i) sum += a[i] * b[i];
  return sum;
}

/// The vectors of each page, in the order of `contents`.
std::vector<std::shared_ptr<const PageVectors>> by_page(std::span<const model::PageContent> contents,
                                                        std::span<const model::PassageVector> vectors) {
  std::unordered_map<std::string_view, std::vector<model::PassageVector>> of_page;
  for (const model::PassageVector& vector : vectors) {
    if (vector.values.size() == vectors.front().values.size()) of_page[vector.page_id].push_back(vector);
  }
  std::vector<std::shared_ptr<const PageVectors>> pages;
  for (const model::PageContent& content : contents)
    pages.push_back(std::make_shared<PageVectors>(content.passages.size(), of_page[content.page.id]));
  return pages;
}

}  // namespace

PageVectors::PageVectors(std::size_t passages, std::span<const model::PassageVector> vectors) : has(passages, false) {
  if (vectors.empty()) return;
  dimension = vectors.front().values.size();
  values.assign(passages * dimension, 0.0f);
  for (const model::PassageVector& vector : vectors) {
    const auto number = static_cast<std::size_t>(vector.passage);
    if (vector.passage < 0 || number >= passages || vector.values.size() != dimension) continue;
    std::ranges::copy(vector.values, values.begin() + static_cast<std::ptrdiff_t>(number * dimension));
    has[number] = true;
  }
}

VectorIndex::VectorIndex(std::span<const model::PageContent> contents, std::span<const model::PassageVector> vectors)
    : VectorIndex(by_page(contents, vectors)) {}

VectorIndex::VectorIndex(std::vector<std::shared_ptr<const PageVectors>> pages) : pages_(std::move(pages)) {
  for (const auto& page : pages_) {
    if (dimension_ == 0) dimension_ = page->dimension;
    for (std::size_t passage = 0; passage < page->has.size(); ++passage) {
      const bool here = page->has[passage] && page->dimension == dimension_;
      at_.push_back(here ? page->values.data() + passage * dimension_ : nullptr);
      if (here) ++present_;
    }
  }
}

std::vector<float> VectorIndex::score(std::span<const float> query) const {
  if (present_ == 0 || query.size() != dimension_) return {};
  std::vector<float> cosines(at_.size(), kNone);
  for (std::size_t i = 0; i < at_.size(); ++i) {
    if (at_[i] != nullptr) cosines[i] = dot(at_[i], query.data(), dimension_);
  }
  return cosines;
}

std::size_t VectorIndex::memory_bytes() const {
  return present_ * dimension_ * sizeof(float) + at_.size() * (sizeof(float*) + 1);
}

}  // namespace gibsey::retrieval
