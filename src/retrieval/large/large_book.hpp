#pragma once
#include "retrieval/cosine_scale.hpp"
#include "retrieval/large/candidates.hpp"
#include "retrieval/passage_finder.hpp"
#include "retrieval/quote_choice.hpp"
#include "store/page_store.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace gibsey::retrieval::large {

/// What is asked, and what is known of it before the search.
struct Question {
  Query query;
  std::string subject;        ///< of a question that points back to those before it (follow_up.hpp); else empty
  std::vector<float> vector;  ///< empty: searched by words alone; not known yet while words are searched
  CosineScale scale;          ///< of the embedder that made the vector
};

/// A page whose lines may answer, and what is known of it before its text is read.
struct AskedPage {
  std::string id;
  std::int64_t version = 0;
  const model::PageContent* content = nullptr;  ///< of one written since the files were made; else to be read from the store
};

/// The best passages for a question, not yet quoted from.
struct Ranking {
  Candidates candidates;
  AskedKeys keys;                       ///< of the question
  std::vector<RankedPassage> passages;  ///< best first, numbered as the candidates; without quotes
  std::vector<AskedPage> pages;         ///< of each of `passages`
};

/// One version of a book that is too long to be held in memory: its files (docs/index_files.md) and the pages that were written
/// since. A value: a change gives another, which shares all that has not changed. Safe to share between threads.
class LargeBook final {
 public:
  explicit LargeBook(std::shared_ptr<const SegmentSet> files);

  /// The book with these pages, each in the place of the one of its id, and without those of the ids `gone`, in one step. No id
  /// twice. nullptr where it has all of it just so.
  [[nodiscard]] std::shared_ptr<const LargeBook> changed(std::vector<store::IndexedPage> written,
                                                         const std::vector<std::string>& gone) const;
  /// What BookParts says of the pages written since.
  [[nodiscard]] BookSegment::Pages wanted_merge() const { return version_.written.wanted_merge(); }
  [[nodiscard]] std::shared_ptr<const LargeBook> merged(const BookSegment::Pages& pages, BookSegment segment) const;
  /// So much was written since, and more than `least` passages, that the files should be made anew: a search goes through all of
  /// it.
  [[nodiscard]] bool wants_rebuild(std::size_t least) const;
  /// Passages that were written or removed since the files were made.
  [[nodiscard]] std::size_t passages_since() const;

  // A search is: by words, which needs no vector; by meaning; the ranking of what both found; the quotes. (large_search.hpp)

  [[nodiscard]] BestByWords find_by_words(const Question& question) const;
  /// `by_meaning` is empty, and so is the question's vector, where words alone are searched.
  [[nodiscard]] Ranking rank(const Question& question, BestByWords by_words, std::span<const ScoredPassage> by_meaning) const;
  /// The answer, with the contents of the first pages of the ranking: in their order, nullptr for one that is not as it was,
  /// whose lines are left out. nullopt when more of them are wanted, since these repeat each other.
  [[nodiscard]] std::optional<Retrieved> quote(const Question& question, Ranking& ranking,
                                               std::span<const model::PageContent* const> contents) const;

  [[nodiscard]] const SegmentSet& files() const { return *version_.files; }
  [[nodiscard]] const BookVersion& version() const { return version_; }
  [[nodiscard]] std::size_t vector_count() const;
  /// The files' pages, not written since, that have passages without a vector, and how many.
  [[nodiscard]] std::vector<std::pair<std::string, std::size_t>> pages_without_vector() const;

 private:
  LargeBook(std::shared_ptr<const SegmentSet> files, std::shared_ptr<const RemovedPages> removed, BookParts written,
            std::size_t removed_vectors);

  [[nodiscard]] bool has_just_so(const store::IndexedPage& page) const;
  [[nodiscard]] std::size_t vectors_of(std::uint32_t page) const;
  [[nodiscard]] AskedPage page_of(const CandidatePage& page) const;
  [[nodiscard]] std::vector<std::int64_t> places_of(std::span<const std::string> ids) const;
  [[nodiscard]] bool is_in_voice(const CandidatePage& page, const std::string& voice) const;
  [[nodiscard]] bool has_quotes(const Candidates& candidates, std::uint32_t passage) const;
  [[nodiscard]] int number_in_page(const Candidates& candidates, std::uint32_t passage) const;

  BookVersion version_;
  std::size_t removed_vectors_ = 0;
};

}  // namespace gibsey::retrieval::large
