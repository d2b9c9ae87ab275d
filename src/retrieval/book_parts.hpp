#pragma once
#include "model/page.hpp"
#include "retrieval/page_place.hpp"
#include "retrieval/quote_finder.hpp"
#include "retrieval/text_index.hpp"
#include "retrieval/vector_index.hpp"
#include "store/page_store.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace gibsey::retrieval {

/// Some pages of a book with their words looked up. Immutable and shared between the versions of a book.
struct BookSegment {
  using Pages = std::vector<std::shared_ptr<const model::PageContent>>;

  BookSegment(const Pages& pages, const std::string& language);

  std::shared_ptr<const TextSegment> text;
  std::shared_ptr<const QuoteSegment> quotes;
};

/// The pages of a book and the segments in which their words are looked up. A value: a change gives another book, which shares
/// what has not changed. What the indexes made of it answer does not depend on how it came about, only on its pages.
///
/// Pages that change together get a segment of their own; the places in their old segments are given up. Many small segments
/// would make every lookup slow, so wanted_merge() tells which pages to put into one; that takes time by their words and is done
/// beside the edits.
class BookParts {
 public:
  /// Of a whole book, in its order.
  BookParts(std::vector<model::PageContent> contents, std::span<const model::PassageVector> vectors, std::string language);

  [[nodiscard]] std::size_t size() const { return pages_.size(); }
  /// In the book's order; without source, and passages without their texts (page.text has them).
  [[nodiscard]] const model::PageContent& operator[](std::size_t page) const { return *pages_[page].content; }
  [[nodiscard]] const model::Page* find(const std::string& id) const;
  /// Whether it has this page just so, with as many vectors.
  [[nodiscard]] bool has(const model::Page& page, std::size_t vectors) const;
  [[nodiscard]] const std::string& language() const { return language_; }

  /// The book with these pages, each in the place of the one of its id if there is one, and without those of the ids `gone`. No
  /// id twice.
  [[nodiscard]] BookParts changed(std::vector<store::IndexedPage> written, const std::vector<std::string>& gone) const;

  /// Pages that should share a segment; none when all is well.
  [[nodiscard]] BookSegment::Pages wanted_merge() const;
  /// The book with those of `pages` that it still has in the segment that was made of them.
  [[nodiscard]] BookParts merged(const BookSegment::Pages& pages, BookSegment segment) const;

  [[nodiscard]] TextIndex text_index() const;
  [[nodiscard]] VectorIndex vector_index() const;
  [[nodiscard]] std::shared_ptr<const QuoteFinder> quote_finder() const;
  [[nodiscard]] std::size_t segment_count() const { return segments_.size(); }

 private:
  struct BookPage {
    std::shared_ptr<const model::PageContent> content;
    std::shared_ptr<const PageVectors> vectors;
    PagePlace place;
  };

  void take_in_vectors(std::vector<store::IndexedPage>& written);
  void insert(std::vector<store::IndexedPage> written);
  [[nodiscard]] std::vector<PagePlace> places() const;
  [[nodiscard]] std::vector<std::size_t> pages_by_segment() const;
  void drop_empty_segments();

  std::string language_;
  std::vector<BookPage> pages_;
  std::vector<BookSegment> segments_;
};

}  // namespace gibsey::retrieval
