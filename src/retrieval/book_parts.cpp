#include "retrieval/book_parts.hpp"

#include <algorithm>
#include <bit>
#include <iterator>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace gibsey::retrieval {
namespace {

/// Segments of about one size that are put together; a page is merged log4 of the book's length times in all.
constexpr std::size_t kOfOneSize = 4;

std::shared_ptr<const model::PageContent> shared(model::PageContent content) {
  // The page's text has the words of its passages; a second copy of the book would only take memory.
  content.page.source = {};
  for (model::Passage& passage : content.passages) passage.text = {};
  return std::make_shared<const model::PageContent>(std::move(content));
}

std::vector<const model::PageContent*> pointers_to(const BookSegment::Pages& pages) {
  std::vector<const model::PageContent*> pointers;
  for (const auto& page : pages) pointers.push_back(page.get());
  return pointers;
}

std::vector<std::shared_ptr<const model::Page>> pages_of(const BookSegment::Pages& contents) {
  std::vector<std::shared_ptr<const model::Page>> pages;
  for (const auto& content : contents) pages.emplace_back(content, &content->page);
  return pages;
}

bool same_page(const model::Page& a, const model::Page& b) {
  return std::tie(a.version, a.content_hash, a.order, a.label, a.chapter) ==
         std::tie(b.version, b.content_hash, b.order, b.label, b.chapter);
}

/// What the book's order is by.
std::tuple<const std::int64_t&, const std::string&> in_order(const model::Page& page) {
  return std::tie(page.order, page.id);
}

/// Segments of as many pages as 4, 16, 64 ... are of one size.
int size_class(std::size_t pages) {
  return (static_cast<int>(std::bit_width(pages)) - 1) / 2;
}

}  // namespace

BookSegment::BookSegment(const Pages& pages, const std::string& language)
    : text(std::make_shared<const TextSegment>(pointers_to(pages), language)),
      quotes(std::make_shared<const QuoteSegment>(pages_of(pages))) {}

BookParts::BookParts(std::vector<model::PageContent> contents, std::span<const model::PassageVector> vectors,
                     std::string language)
    : language_(std::move(language)) {
  std::unordered_map<std::string_view, std::vector<model::PassageVector>> vectors_of;
  for (const model::PassageVector& vector : vectors) vectors_of[vector.page_id].push_back(vector);
  BookSegment::Pages pages;
  for (model::PageContent& content : contents) {
    auto of_page = std::make_shared<const PageVectors>(content.passages.size(), vectors_of[content.page.id]);
    const PagePlace place{0, static_cast<std::uint32_t>(pages.size())};
    pages.push_back(shared(std::move(content)));
    pages_.push_back({pages.back(), std::move(of_page), place});
  }
  if (!pages.empty()) segments_.emplace_back(pages, language_);
}

const model::Page* BookParts::find(const std::string& id) const {
  const auto at = std::ranges::find(pages_, id, [](const BookPage& page) { return page.content->page.id; });
  return at == pages_.end() ? nullptr : &at->content->page;
}

bool BookParts::has(const model::Page& page, std::size_t vectors) const {
  const auto at = std::ranges::find(pages_, page.id, [](const BookPage& other) { return other.content->page.id; });
  if (at == pages_.end() || !same_page(at->content->page, page)) return false;
  return static_cast<std::size_t>(std::ranges::count(at->vectors->has, true)) == vectors;
}

BookParts BookParts::changed(std::vector<store::IndexedPage> written, const std::vector<std::string>& gone) const {
  BookParts changed = *this;
  changed.take_in_vectors(written);
  std::unordered_set<std::string_view> out(gone.begin(), gone.end());
  for (const store::IndexedPage& page : written) out.insert(page.content.page.id);
  std::erase_if(changed.pages_, [&out](const BookPage& page) { return out.contains(page.content->page.id); });
  changed.drop_empty_segments();
  changed.insert(std::move(written));
  return changed;
}

/// Of the pages that are as they were, which need nothing more: they are taken out of `written`.
void BookParts::take_in_vectors(std::vector<store::IndexedPage>& written) {
  std::unordered_map<std::string_view, std::size_t> place_of;
  for (std::size_t i = 0; i < written.size(); ++i) place_of.emplace(written[i].content.page.id, i);
  std::vector<BookPage*> known(written.size());
  for (BookPage& page : pages_) {
    if (const auto at = place_of.find(page.content->page.id); at != place_of.end()) known[at->second] = &page;
  }
  std::vector<store::IndexedPage> others;
  for (std::size_t i = 0; i < written.size(); ++i) {
    auto& [content, vectors] = written[i];
    if (known[i] != nullptr && same_page(known[i]->content->page, content.page)) {
      known[i]->vectors = std::make_shared<const PageVectors>(content.passages.size(), vectors);
    } else {
      others.push_back(std::move(written[i]));
    }
  }
  written = std::move(others);
}

/// Of pages that the book does not have.
void BookParts::insert(std::vector<store::IndexedPage> written) {
  if (written.empty()) return;
  std::ranges::sort(written, {}, [](const store::IndexedPage& page) { return in_order(page.content.page); });
  BookSegment::Pages pages;
  std::vector<BookPage> added;
  for (store::IndexedPage& page : written) {
    auto vectors = std::make_shared<const PageVectors>(page.content.passages.size(), page.vectors);
    const PagePlace place{static_cast<std::uint32_t>(segments_.size()), static_cast<std::uint32_t>(pages.size())};
    pages.push_back(shared(std::move(page.content)));
    added.push_back({pages.back(), std::move(vectors), place});
  }
  std::vector<BookPage> all;
  all.reserve(pages_.size() + added.size());
  const auto order = [](const BookPage& page) { return in_order(page.content->page); };
  std::ranges::merge(pages_, added, std::back_inserter(all), {}, order, order);
  pages_ = std::move(all);
  segments_.emplace_back(pages, language_);
}

std::vector<std::size_t> BookParts::pages_by_segment() const {
  std::vector<std::size_t> counts(segments_.size(), 0);
  for (const BookPage& page : pages_) ++counts[page.place.segment];
  return counts;
}

void BookParts::drop_empty_segments() {
  const std::vector<std::size_t> counts = pages_by_segment();
  std::vector<std::uint32_t> moved(counts.size(), 0);
  std::vector<BookSegment> left;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    moved[i] = static_cast<std::uint32_t>(left.size());
    if (counts[i] > 0) left.push_back(std::move(segments_[i]));
  }
  segments_ = std::move(left);
  for (BookPage& page : pages_) page.place.segment = moved[page.place.segment];
}

BookSegment::Pages BookParts::wanted_merge() const {
  const std::vector<std::size_t> counts = pages_by_segment();
  std::unordered_map<int, std::size_t> of_size;
  for (const std::size_t count : counts) ++of_size[size_class(count)];
  std::vector<bool> chosen(counts.size(), false);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    // What is given up still costs memory, and time in every lookup.
    const bool mostly_given_up = counts[i] * 2 < segments_[i].text->page_count();
    chosen[i] = mostly_given_up || of_size[size_class(counts[i])] >= kOfOneSize;
  }
  BookSegment::Pages pages;
  for (const BookPage& page : pages_) {
    if (chosen[page.place.segment]) pages.push_back(page.content);
  }
  return pages;
}

BookParts BookParts::merged(const BookSegment::Pages& pages, BookSegment segment) const {
  std::unordered_map<const model::PageContent*, std::uint32_t> place_of;
  for (const auto& page : pages) place_of.emplace(page.get(), static_cast<std::uint32_t>(place_of.size()));
  BookParts changed = *this;
  for (BookPage& page : changed.pages_) {
    const auto at = place_of.find(page.content.get());
    if (at != place_of.end()) page.place = {static_cast<std::uint32_t>(segments_.size()), at->second};
  }
  changed.segments_.push_back(std::move(segment));
  changed.drop_empty_segments();
  return changed;
}

std::vector<PagePlace> BookParts::places() const {
  std::vector<PagePlace> places;
  places.reserve(pages_.size());
  for (const BookPage& page : pages_) places.push_back(page.place);
  return places;
}

TextIndex BookParts::text_index() const {
  std::vector<std::shared_ptr<const TextSegment>> segments;
  for (const BookSegment& segment : segments_) segments.push_back(segment.text);
  return TextIndex(std::move(segments), places(), language_);
}

VectorIndex BookParts::vector_index() const {
  std::vector<std::shared_ptr<const PageVectors>> vectors;
  vectors.reserve(pages_.size());
  for (const BookPage& page : pages_) vectors.push_back(page.vectors);
  return VectorIndex(std::move(vectors));
}

std::shared_ptr<const QuoteFinder> BookParts::quote_finder() const {
  std::vector<std::shared_ptr<const QuoteSegment>> segments;
  for (const BookSegment& segment : segments_) segments.push_back(segment.quotes);
  return std::make_shared<const QuoteFinder>(std::move(segments), places());
}

}  // namespace gibsey::retrieval
