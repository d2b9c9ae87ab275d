#pragma once
#include "retrieval/book_parts.hpp"
#include "retrieval/page_index.hpp"
#include "retrieval/sharded/messages.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace gibsey::retrieval::sharded {

/// A shard of a book, in memory, with all that is asked of it. Immutable; safe to share between threads. Pages and passages are
/// numbered in the book's order within the shard.
class HeldShard {
 public:
  explicit HeldShard(BookParts parts);
  HeldShard(const HeldShard&) = delete;
  HeldShard& operator=(const HeldShard&) = delete;

  [[nodiscard]] Counts count(const Keys& keys) const;
  /// The best passages by words, by pairs, by the subject's words and by meaning, with their pages, those beside the best of
  /// them, the open page, and the shard's part of the sample.
  [[nodiscard]] Cards find_cards(const Wanted& wanted) const;
  /// Those of the pages that it has.
  [[nodiscard]] std::vector<model::PageContent> quotes_of(std::span<const PassageName> names) const;
  [[nodiscard]] std::optional<Found> find_quote(const Claim& claim) const;

  [[nodiscard]] const BookParts& parts() const { return contents_; }
  [[nodiscard]] BookSize size() const;

 private:
  class Choice;
  [[nodiscard]] std::uint32_t passage_count() const { return firsts_.back(); }
  [[nodiscard]] PageCard card_of(std::uint32_t page, std::span<const float> cosines) const;
  [[nodiscard]] KeyCount count(std::span<const Posting> postings) const;

  BookParts contents_;
  TextIndex text_;
  VectorIndex vectors_;
  std::shared_ptr<const QuoteFinder> quotes_;
  std::vector<std::uint32_t> firsts_;  ///< of each page the first passage, and one behind the last
  std::uint64_t words_ = 0;
};

}  // namespace gibsey::retrieval::sharded
