#pragma once
#include "retrieval/book_parts.hpp"
#include "retrieval/page_index.hpp"
#include "retrieval/passage_finder.hpp"
#include "retrieval/question_embedder.hpp"
#include "retrieval/ranking.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace gibsey::retrieval {

/// A book in memory with all that a lookup needs. Immutable; safe to share between threads.
class HeldBook {
 public:
  explicit HeldBook(BookParts parts);
  // What is looked up points into the parts.
  HeldBook(const HeldBook&) = delete;
  HeldBook& operator=(const HeldBook&) = delete;

  /// `subject`: that of a question that points back; else "".
  [[nodiscard]] Retrieved search(const Query& query, const std::string& subject, const Embedded& embedded) const;

  [[nodiscard]] const std::shared_ptr<const QuoteFinder>& quotes() const { return quotes_; }
  [[nodiscard]] const BookParts& parts() const { return contents_; }
  [[nodiscard]] bool has_pages() const { return contents_.size() > 0; }
  [[nodiscard]] bool has_vectors() const { return vectors_.size() > 0; }
  [[nodiscard]] BookSize size() const { return {contents_.size(), page_of_.size(), page_of_.size() - vectors_.size()}; }

 private:
  void add_passages(std::uint32_t page);

  BookParts contents_;
  TextIndex text_;
  VectorIndex vectors_;
  std::shared_ptr<const QuoteFinder> quotes_;
  std::vector<RankedPage> pages_;
  std::vector<std::uint32_t> page_of_;
  std::vector<std::span<const model::QuoteCandidate>> quotes_of_;
  std::vector<bool> quotable_;
};

}  // namespace gibsey::retrieval
