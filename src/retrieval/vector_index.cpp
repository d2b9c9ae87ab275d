#include "retrieval/vector_index.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <unordered_map>

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

}  // namespace

VectorIndex::VectorIndex(std::span<const model::PageContent> contents, std::span<const model::PassageVector> vectors) {
  if (vectors.empty()) return;
  dimension_ = vectors.front().values.size();
  std::unordered_map<std::string_view, std::pair<std::size_t, std::size_t>> first_passage;  // page -> first passage, count
  std::size_t passages = 0;
  for (const model::PageContent& content : contents) {
    first_passage.emplace(content.page.id, std::pair(passages, content.passages.size()));
    passages += content.passages.size();
  }
  values_.assign(passages * dimension_, 0.0f);
  has_.assign(passages, false);
  for (const model::PassageVector& vector : vectors) {
    const auto page = first_passage.find(vector.page_id);
    const auto number = static_cast<std::size_t>(vector.passage);
    if (page == first_passage.end() || vector.passage < 0 || number >= page->second.second) continue;
    if (vector.values.size() != dimension_) continue;
    const std::size_t place = page->second.first + number;
    std::ranges::copy(vector.values, values_.begin() + static_cast<std::ptrdiff_t>(place * dimension_));
    if (!has_[place]) ++present_;
    has_[place] = true;
  }
}

std::vector<float> VectorIndex::score(std::span<const float> query) const {
  if (present_ == 0 || query.size() != dimension_) return {};
  std::vector<float> cosines(has_.size(), kNone);
  for (std::size_t i = 0; i < has_.size(); ++i) {
    if (has_[i]) cosines[i] = dot(values_.data() + i * dimension_, query.data(), dimension_);
  }
  return cosines;
}

std::size_t VectorIndex::memory_bytes() const {
  return values_.capacity() * sizeof(float) + has_.capacity() / 8;
}

}  // namespace gibsey::retrieval
