#pragma once
#include "retrieval/sentences.hpp"

#include <string_view>
#include <vector>

namespace gibsey::retrieval {

/// A span of a text; code points, end exclusive.
struct Span {
  std::int32_t start = 0;
  std::int32_t end = 0;
};

/// Cuts text[start, end), a long sentence, into spans of at most `most` words that follow each other, `wanted` words or so each,
/// at ; : and dashes rather than at commas, at commas rather than before conjunctions, there rather than between any two words.
[[nodiscard]] std::vector<Span> cut_clauses(std::u32string_view text, Span sentence, int wanted, int most);

}  // namespace gibsey::retrieval
