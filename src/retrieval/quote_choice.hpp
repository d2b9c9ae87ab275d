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

/// The best `k` quotes for a question, best first: of the best passages the candidates that hold the question's words, two
/// sentences before one and one before a clause, none that leans on what stands before it where another can be had. At most two
/// from a passage (the second counts less, so that other pages come up); no two overlap or say nearly the same, and of passages
/// that do (a page that comes twice) the best alone is quoted from. `passages` come best first; those behind the first
/// passages_quoted_from(k) that differ are not looked at.
[[nodiscard]] std::vector<ChosenQuote> choose_quotes(std::string_view question, const WordStatistics& index,
                                                     std::span<const RankedPassage> passages, int k);

}  // namespace gibsey::retrieval
