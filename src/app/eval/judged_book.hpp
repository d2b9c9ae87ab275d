#pragma once
#include "model/page.hpp"
#include "retrieval/quote_choice.hpp"
#include "retrieval/quote_finder.hpp"
#include "retrieval/text_index.hpp"
#include "retrieval/vector_index.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace gibsey::app {

/// A book with the signals of retrieval in the open, one by one.
class JudgedBook {
 public:
  JudgedBook(std::vector<model::PageContent> contents, std::span<const model::PassageVector> vectors);

  [[nodiscard]] const retrieval::TextIndex& text() const { return *text_; }
  [[nodiscard]] const retrieval::VectorIndex& vectors() const { return *vectors_; }
  [[nodiscard]] std::span<const std::uint32_t> page_of() const { return page_of_; }

  /// Pages by their best passage; of equals the one that comes first in the book.
  [[nodiscard]] std::vector<std::string> rank_pages(std::span<const float> passage_scores) const;
  /// The lines that a ranking by `passage_scores` offers for a question.
  [[nodiscard]] std::vector<model::QuoteCandidate> lines(const std::string& question,
                                                         std::span<const float> passage_scores) const;
  /// Whether the line stands at its place on its page.
  [[nodiscard]] bool stands(const model::QuoteCandidate& line) const;

 private:
  std::vector<model::PageContent> contents_;
  std::unique_ptr<retrieval::TextIndex> text_;
  std::unique_ptr<retrieval::VectorIndex> vectors_;
  std::unique_ptr<retrieval::QuoteFinder> finder_;
  std::vector<std::uint32_t> page_of_;
  std::vector<std::span<const model::QuoteCandidate>> quotes_of_;
};

}  // namespace gibsey::app
