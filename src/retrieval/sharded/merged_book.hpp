#pragma once
#include "retrieval/ranking.hpp"
#include "retrieval/sharded/messages.hpp"
#include "retrieval/sharded/question_keys.hpp"
#include "retrieval/text_scoring.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace gibsey::retrieval::sharded {

/// What the shards have told of a book, put together in the book's order: a Collection, as TextScorer wants one, with the
/// statistics of the whole book. A book that all shards have sent whole is scored as one in memory is, to the last bit.
class MergedBook final : public WordStatistics {
 public:
  /// How much of the book the cards are.
  enum class Part {
    all,      ///< pages that follow each other are neighbours
    in_gaps,  ///< all of the shards that answered: those are neighbours whose `order` is near
    chosen,   ///< the same, of candidates; what is sampled stands for the book
  };
  /// `keys` and `language` must outlive this.
  MergedBook(const QuestionKeys& keys, const std::string& language, const Counts& counts, std::vector<Cards> cards, Part part);

  [[nodiscard]] Signals score(std::string_view text, std::string_view subject) const;
  [[nodiscard]] RankedBook ranked() const { return {pages_, page_of_, quotable_}; }
  /// The card of a page that is no gap.
  [[nodiscard]] const PageCard& card(std::uint32_t page) const { return *cards_of_[page]; }
  [[nodiscard]] std::int32_t number_in_page(std::uint32_t passage) const { return numbers_[passage]; }

  [[nodiscard]] std::vector<std::string> content_stems(std::string_view text) const override;
  [[nodiscard]] float idf(const std::string& stem) const override;
  [[nodiscard]] const std::string& language() const override { return language_; }

  [[nodiscard]] std::size_t passages() const { return counts_.passages; }
  [[nodiscard]] std::size_t pages() const { return counts_.pages; }
  [[nodiscard]] std::size_t scored_passages() const { return page_of_.size(); }
  [[nodiscard]] std::size_t scored_pages() const { return pages_.size(); }
  [[nodiscard]] std::uint32_t page_of(std::uint32_t passage) const { return page_of_[passage]; }
  [[nodiscard]] float passage_weight(std::uint32_t passage, std::uint32_t count) const;
  [[nodiscard]] float page_weight(std::uint32_t page, std::uint32_t count) const;
  [[nodiscard]] FoundKey stem(const std::string& stem) const;
  [[nodiscard]] FoundKey pair(const std::string& first, const std::string& second) const;

 private:
  struct Place;
  void add(const Place& place, bool in_gaps);
  void add_postings(const std::vector<std::vector<Posting>>& lists, std::span<const std::uint32_t> number_of,
                    std::vector<std::vector<Posting>>& to) const;

  const QuestionKeys& keys_;
  const std::string& language_;
  Counts counts_;
  std::vector<Cards> cards_;
  std::vector<RankedPage> pages_;
  std::vector<const PageCard*> cards_of_;  ///< by page; null for a gap
  std::vector<float> page_lengths_;
  std::vector<std::uint32_t> page_of_;
  std::vector<std::int32_t> numbers_;
  std::vector<float> lengths_;
  std::vector<float> cosines_;  ///< empty where no shard has any
  std::vector<bool> quotable_;
  std::vector<bool> sampled_;  ///< empty: all of them are
  std::vector<std::vector<Posting>> stems_;
  std::vector<std::vector<Posting>> pairs_;
  float mean_length_ = 1;
  float mean_page_length_ = 1;
};

/// In words; 1 where there are none.
[[nodiscard]] float mean_length(std::uint64_t words, std::uint64_t documents);

}  // namespace gibsey::retrieval::sharded
