#pragma once
#include "model/page.hpp"
#include "retrieval/text_index.hpp"

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace gibsey::retrieval {

/// A passage that may be quoted, its score in standard deviations within the book.
struct RankedPassage {
  std::uint32_t passage = 0;
  float score = 0;
  std::span<const model::QuoteCandidate> quotes;
};

struct ChosenQuote {
  std::uint32_t passage = 0;
  const model::QuoteCandidate* quote = nullptr;
  double score = 0;
};

/// How many of the best passages are quoted from, for `k` quotes.
[[nodiscard]] std::size_t passages_quoted_from(int k);

/// The first `most` passages that differ from all better ones: of a page that comes twice the better is quoted from.
[[nodiscard]] std::vector<RankedPassage> different_passages(std::span<const RankedPassage> passages, std::size_t most);

/// The best `k` quotes for a question, best first: of the passages the candidates that hold the question's words, two
/// sentences before one and one before a clause, none that leans on what stands before it where another can be had. At most two
/// from a passage (the second counts less, so that other pages come up); no two overlap or say nearly the same. `passages` come
/// best first, and differ.
[[nodiscard]] std::vector<ChosenQuote> choose_quotes(std::string_view question, const WordStatistics& index,
                                                     std::span<const RankedPassage> passages, int k);

}  // namespace gibsey::retrieval
