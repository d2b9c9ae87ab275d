#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace gibsey::retrieval::large {

/// A passage by its number in the whole index, and its score for one signal.
struct ScoredPassage {
  float score = 0;
  std::uint32_t passage = 0;

  /// By score; of equals the one that comes first in the book.
  friend bool ranks_before(const ScoredPassage& a, const ScoredPassage& b) {
    return a.score != b.score ? a.score > b.score : a.passage < b.passage;
  }
};

/// Keeps the best of those that it is shown.
class TopList {
 public:
  /// What scores less than `least_share` of the best is not wanted either.
  explicit TopList(std::size_t wanted, float least_share = 0) : wanted_(wanted), least_share_(least_share) {
    heap_.reserve(wanted + 1);
  }

  /// What does not score more is not kept, if it comes behind all that were shown.
  [[nodiscard]] float bar() const { return bar_; }
  /// No more than what the last of the wanted ones is known to score.
  void raise_bar(float bar) {
    floor_ = std::max(floor_, bar);
    bar_ = std::max(bar_, bar);
  }

  void show(ScoredPassage passage) {
    const auto before = [](const ScoredPassage& a, const ScoredPassage& b) { return ranks_before(a, b); };
    if (heap_.size() == wanted_) {
      if (wanted_ == 0 || !ranks_before(passage, heap_.front())) return;
      std::ranges::pop_heap(heap_, before);
      heap_.pop_back();
    }
    heap_.push_back(passage);
    std::ranges::push_heap(heap_, before);
    best_ = std::max(best_, passage.score);
    const float kept = heap_.size() < wanted_ ? std::numeric_limits<float>::lowest() : heap_.front().score;
    bar_ = std::max(floor_, least_share_ > 0 ? std::max(kept, least_share_ * best_) : kept);
  }

  /// Best first.
  [[nodiscard]] std::vector<ScoredPassage> sorted() const {
    auto best = heap_;
    std::ranges::sort(best, [](const ScoredPassage& a, const ScoredPassage& b) { return ranks_before(a, b); });
    return best;
  }

 private:
  std::size_t wanted_;
  float least_share_;
  float best_ = 0;
  float floor_ = std::numeric_limits<float>::lowest();
  float bar_ = std::numeric_limits<float>::lowest();
  std::vector<ScoredPassage> heap_;  ///< the worst in front
};

}  // namespace gibsey::retrieval::large
