#pragma once
#include "model/page.hpp"
#include "retrieval/page_place.hpp"
#include "retrieval/text_segment.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gibsey::retrieval {

/// What the words of a query say about every passage and page. Passages and pages are numbered as the index was given them.
struct TextScores {
  std::vector<float> passages;       ///< BM25 over stems
  std::vector<float> pages;          ///< the same with the page as the document
  std::vector<float> pairs;          ///< BM25 over adjacent word pairs, stop words kept; one a page
  std::vector<float> passage_pairs;  ///< the same, one a passage
  std::vector<float> coverage;       ///< share (by idf) of the query's content words that the passage holds, 0..1; one a passage
  int words = 0;                     ///< of the query
  int content_words = 0;             ///< those that are no stop words
  int known_content_words = 0;       ///< those that the book has
  /// The query has a line of three words or more in quotation marks; its pairs alone are scored then.
  bool quotes_line = false;
  int pairs_asked = 0;  ///< adjacent word pairs of the query, or of the line that it quotes
  /// The longest run of those pairs that stand one behind another on one page.
  int longest_run = 0;
};

/// The longest stretch of `query` in double quotation marks, straight or typographic; empty when none has three words.
[[nodiscard]] std::string_view quoted_line(std::string_view query);

/// Stems of the content words of `text`, each once.
[[nodiscard]] std::vector<std::string> content_stems(std::string_view text, const std::string& language);

/// What a book's words are worth.
class WordStatistics {
 public:
  virtual ~WordStatistics() = default;
  /// Stems of the content words of `text`, each once.
  [[nodiscard]] virtual std::vector<std::string> content_stems(std::string_view text) const = 0;
  /// How much a stem tells passages apart; that of a word on a single passage for one that the book does not have.
  [[nodiscard]] virtual float idf(const std::string& stem) const = 0;
  [[nodiscard]] virtual const std::string& language() const = 0;
};

/// Words and adjacent word pairs of a book, in memory. Immutable; safe to share between threads.
class TextIndex final : public WordStatistics {
 public:
  TextIndex(std::span<const model::PageContent> contents, std::string language);
  /// Of the pages of these segments that have a place, in the order of their places. What it answers does not depend on how the
  /// pages are spread over segments. Takes time by the number of passages, not by their words.
  TextIndex(std::vector<std::shared_ptr<const TextSegment>> segments, std::span<const PagePlace> pages, std::string language);
  ~TextIndex() override;

  [[nodiscard]] TextScores score(std::string_view query) const;
  [[nodiscard]] std::vector<std::string> content_stems(std::string_view text) const override;
  [[nodiscard]] float idf(const std::string& stem) const override;

  [[nodiscard]] const std::string& language() const override;
  /// Where a stem or pair stands; the passages of a page follow each other.
  [[nodiscard]] std::vector<Posting> postings(const std::string& stem) const;
  [[nodiscard]] std::vector<Posting> pair_postings(const std::string& first, const std::string& second) const;
  [[nodiscard]] std::uint32_t length(std::uint32_t passage) const;  ///< in words
  [[nodiscard]] std::uint32_t page_of(std::uint32_t passage) const;
  [[nodiscard]] std::size_t passage_count() const;
  [[nodiscard]] std::size_t memory_bytes() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gibsey::retrieval
