#pragma once
#include "retrieval/large/posting_field.hpp"
#include "retrieval/large/top_list.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace gibsey::retrieval::large {

/// What each length of a passage adds below the line of BM25.
class LengthNorms {
 public:
  explicit LengthNorms(float mean_length);
  [[nodiscard]] float operator[](std::uint16_t length) const { return norms_[length]; }
  [[nodiscard]] float mean_length() const { return mean_length_; }

 private:
  float mean_length_;
  std::vector<float> norms_;
};

/// The postings in a segment of a key that is asked for. Its idf, times how often it stands in the question.
struct WeightedList {
  PostingList list;
  float weight = 0;
};

/// One field of a segment and what is asked of it.
struct SearchedField {
  std::vector<WeightedList> asked;
  std::span<const std::uint16_t> lengths;
  const LengthNorms& norms;
  /// The mean length that the file's bounds were made with.
  float bounds_mean_length = 1;
  /// The number in the whole index of the segment's first passage.
  std::uint32_t first_passage = 0;
  /// A bit a passage that is no more; may be empty.
  std::span<const std::uint64_t> removed;
};

/// Shows `best` every passage that may be among the best by BM25, with its score: all that are not are left out by their bounds
/// (MaxScore of Turtle and Flood 1995, over windows of the passages with the bounds of their blocks).
void find_best(const SearchedField& field, TopList& best);

/// The same over all segments. Passages of the rarest keys are looked at first, for the bar that they set: without it a line that
/// stands in the last segment would not spare the search of those before it.
void find_best(std::span<const SearchedField> fields, TopList& best);

}  // namespace gibsey::retrieval::large
