#include "retrieval/large/candidates.hpp"

#include <algorithm>
#include <utility>

namespace gibsey::retrieval::large {
namespace {

/// The mean of lengths in words, 1 for none.
float mean_of(std::uint64_t words, std::size_t count) {
  return words == 0 || count == 0 ? 1.0f : static_cast<float>(words) / static_cast<float>(count);
}

std::uint64_t words_of_files(const SegmentSet& files) {
  std::uint64_t words = 0;
  for (const Segment& segment : files.segments()) words += segment.text.total_length();
  return words;
}

std::uint64_t words_of_index(const TextIndex& text) {
  std::uint64_t words = 0;
  for (std::uint32_t i = 0; i < text.passage_count(); ++i) words += text.length(i);
  return words;
}

/// Even for a page that stands in the place of one of the files, odd for one between two.
std::vector<std::int64_t> places_of(const SegmentSet& files, const BookParts& written) {
  std::vector<std::int64_t> places;
  for (std::size_t i = 0; i < written.size(); ++i) {
    const model::Page& page = written[i].page;
    const std::uint32_t at = files.page_at({.order = page.order, .id = page.id});
    const bool instead = files.find_page(page.id) == at;
    places.push_back(2 * static_cast<std::int64_t>(at) - (instead ? 0 : 1));
  }
  return places;
}

std::vector<std::uint32_t> first_passages_of(const BookParts& written) {
  std::vector<std::uint32_t> firsts{0};
  for (std::size_t i = 0; i < written.size(); ++i) {
    firsts.push_back(firsts.back() + static_cast<std::uint32_t>(written[i].passages.size()));
  }
  return firsts;
}

}  // namespace

RemovedPages::RemovedPages(const SegmentSet& files)
    : pages_(files.page_count(), false), bits_(files.segments().size()), ranges_(files.segments().size()) {}

void RemovedPages::add(const SegmentSet& files, std::uint32_t page) {
  if (pages_[page]) return;
  pages_[page] = true;
  const std::size_t number = files.segment_of_page(page);
  const Segment& segment = files.segments()[number];
  const PassageRange range{segment.passages.first_passage(page - segment.first_page),
                           segment.passages.first_passage(page - segment.first_page + 1)};
  auto& bits = bits_[number];
  if (bits.empty()) bits.resize((segment.passages.passage_count() + 63) / 64, 0);
  for (std::uint32_t passage = range.first; passage < range.end; ++passage) {
    bits[passage / 64] |= std::uint64_t{1} << (passage % 64);
    words_ += segment.text.lengths()[passage];
  }
  auto& ranges = ranges_[number];
  ranges.insert(std::ranges::lower_bound(ranges, range.first, {}, &PassageRange::first), range);
  passage_count_ += range.end - range.first;
  ++page_count_;
}

BookVersion::BookVersion(std::shared_ptr<const SegmentSet> given_files, std::shared_ptr<const RemovedPages> given_removed,
                         BookParts given_written)
    : files(std::move(given_files)),
      removed(std::move(given_removed)),
      written(std::move(given_written)),
      written_text(written.text_index()),
      written_vectors(written.vector_index()),
      written_firsts(first_passages_of(written)),
      written_places(places_of(*files, written)),
      passage_norms(mean_of(words_of_files(*files) - removed->words() + words_of_index(written_text), passage_count())),
      mean_page_length(mean_of(words_of_files(*files) - removed->words() + words_of_index(written_text), page_count())) {}

std::size_t BookVersion::passage_count() const {
  return files->passage_count() - removed->passage_count() + written_text.passage_count();
}

std::size_t BookVersion::page_count() const {
  return files->page_count() - removed->page_count() + written.size();
}

}  // namespace gibsey::retrieval::large
