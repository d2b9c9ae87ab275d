#pragma once
#include "retrieval/book_parts.hpp"
#include "retrieval/large/asked_keys.hpp"
#include "retrieval/large/segment.hpp"
#include "retrieval/large/top_passages.hpp"
#include "retrieval/text_index.hpp"
#include "retrieval/text_scoring.hpp"
#include "retrieval/vector_index.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gibsey::retrieval::large {

/// Passages of a segment that follow each other; `end` is behind the last.
struct PassageRange {
  std::uint32_t first = 0;
  std::uint32_t end = 0;
};

/// Goes through the postings of a list that stand in some ranges; `use` is given the passage, and the cursor for its count.
template <typename Use>
void for_each_in(const PostingList& list, std::span<const PassageRange> ranges, Use use) {
  if (list.passages() == 0) return;
  PostingCursor cursor(list);
  for (const PassageRange& range : ranges) {
    for (cursor.seek(range.first); cursor.passage() < range.end; cursor.next()) use(cursor.passage(), cursor);
    if (cursor.passage() == kNoPassage) return;
  }
}

/// Pages of the files that the book has no more, or in another version. Empty in the beginning.
class RemovedPages {
 public:
  explicit RemovedPages(const SegmentSet& files);
  /// Of the files, by its number there. Nothing happens to one that is removed already.
  void add(const SegmentSet& files, std::uint32_t page);

  [[nodiscard]] bool contains(std::uint32_t page) const { return pages_[page]; }
  [[nodiscard]] std::size_t page_count() const { return page_count_; }
  [[nodiscard]] std::size_t passage_count() const { return passage_count_; }
  [[nodiscard]] std::uint64_t words() const { return words_; }
  /// A bit a passage; empty where the segment has lost none.
  [[nodiscard]] std::span<const std::uint64_t> bits(std::size_t segment) const { return bits_[segment]; }
  /// In rising order.
  [[nodiscard]] std::span<const PassageRange> ranges(std::size_t segment) const { return ranges_[segment]; }

 private:
  std::vector<bool> pages_;
  std::vector<std::vector<std::uint64_t>> bits_;
  std::vector<std::vector<PassageRange>> ranges_;
  std::size_t page_count_ = 0;
  std::size_t passage_count_ = 0;
  std::uint64_t words_ = 0;
};

/// One version of a book: files, without what is removed from them, and the pages that were written since. Immutable.
struct BookVersion {
  std::shared_ptr<const SegmentSet> files;
  std::shared_ptr<const RemovedPages> removed;
  BookParts written;       ///< pages, in the book's order among themselves
  TextIndex written_text;  ///< of those
  VectorIndex written_vectors;
  std::vector<std::uint32_t> written_firsts;  ///< of each of those pages the first passage, and one behind the last
  std::vector<std::int64_t> written_places;   ///< as CandidatePage::place, rising
  LengthNorms passage_norms;
  float mean_page_length = 1;

  BookVersion(std::shared_ptr<const SegmentSet> files, std::shared_ptr<const RemovedPages> removed, BookParts written);

  [[nodiscard]] std::size_t passage_count() const;
  [[nodiscard]] std::size_t page_count() const;
};

/// A page that is scored: of the files by its number there, or of those written since.
struct CandidatePage {
  std::uint32_t number = 0;
  bool is_written = false;
  bool is_sampled = false;
  std::int64_t place = 0;  ///< in the book: those of neighbours differ by 2 or less
};

/// Some passages of a large book with all that ranking wants to know of them, numbered from 0 in the book's order.
struct Candidates {
  std::vector<CandidatePage> pages;     ///< by page number; `number` is kNoPassage for one that only stands for a gap
  std::vector<std::uint32_t> page_of;   ///< passage -> page
  std::vector<std::uint32_t> passages;  ///< number in the files, or among those written since
  std::vector<bool> sampled;            ///< passages that stand for the whole book
  TextScores scores;
  std::vector<float> cosines;  ///< empty without vectors
};

struct Sought {
  std::string_view text;
  std::string_view subject;  ///< of a question that points back; may be empty
  std::span<const float> vector;
  std::optional<std::uint32_t> open_page;  ///< by its number in the files
};

/// The best passages by one signal each, best first. Passages of the files by their number there, those written since behind
/// them.
struct BestByWords {
  AskedKeys keys;
  std::vector<ScoredPassage> stems;
  std::vector<ScoredPassage> pairs;
  std::vector<ScoredPassage> subject;  ///< by stems of the subject
};
[[nodiscard]] BestByWords find_by_words(const BookVersion& book, const std::string& language, std::string_view text,
                                        std::string_view subject);

/// Whether the book has vectors to compare this one with.
[[nodiscard]] bool has_vectors(const BookVersion& book, std::span<const float> vector);
/// Of every so many-th segment, so that parts may be searched side by side. The pages written since belong to the first part.
[[nodiscard]] std::vector<ScoredPassage> find_by_meaning(const BookVersion& book, std::span<const float> vector, std::size_t part,
                                                         std::size_t parts);
/// The best of two parts.
[[nodiscard]] std::vector<ScoredPassage> best_of(std::span<const ScoredPassage> some, std::span<const ScoredPassage> others);

/// The best few hundred passages by words, by pairs and by meaning, with their pages and those beside the best of them, and a
/// sample of the whole book; all scored by the statistics of the whole book. The vector may be empty.
[[nodiscard]] Candidates find_candidates(const BookVersion& book, const std::string& language, const Sought& sought,
                                         BestByWords& by_words, std::span<const ScoredPassage> by_meaning);

}  // namespace gibsey::retrieval::large
