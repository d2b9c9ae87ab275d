#include "retrieval/large/segment.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <future>

namespace gibsey::retrieval::large {
namespace {

Result<Segment> open_segment(const std::filesystem::path& folder, const std::string& name) {
  GIBSEY_TRY(auto text, TextFile::open(folder / (name + ".text")));
  GIBSEY_TRY(auto vectors, VectorFile::open(folder / (name + ".vectors")));
  GIBSEY_TRY(auto passages, PassageFile::open(folder / (name + ".passages")));
  if (text.passage_count() != passages.passage_count() || text.page_count() != passages.page_count()) {
    return fail(ErrorCode::corrupt, fmt::format("the files {} do not belong together", (folder / name).string()));
  }
  return Segment{std::move(text), std::move(vectors), std::move(passages)};
}

}  // namespace

Result<std::shared_ptr<const SegmentSet>> SegmentSet::open(const std::filesystem::path& folder, Manifest manifest) {
  auto set = std::shared_ptr<SegmentSet>(new SegmentSet);
  // Checking is reading; two segments at once read as fast as memory gives.
  std::vector<std::future<Result<Segment>>> opening;
  for (const std::string& name : manifest.segments) {
    opening.push_back(std::async(opening.size() % 2 == 0 ? std::launch::async : std::launch::deferred, open_segment,
                                 folder / manifest.generation, name));
  }
  std::vector<Result<Segment>> opened;
  for (auto& segment : opening) opened.push_back(segment.get());
  for (auto& segment : opened) {
    if (!segment && segment.error().code == ErrorCode::not_found) return fail(ErrorCode::corrupt, segment.error().message);
    if (!segment) return std::unexpected(segment.error());
    segment->first_page = set->pages_;
    segment->first_passage = set->passages_;
    set->pages_ += segment->passages.page_count();
    set->passages_ += segment->passages.passage_count();
    set->segments_.push_back(std::move(*segment));
  }
  set->manifest_ = std::move(manifest);
  return set;
}

std::size_t SegmentSet::vector_count() const {
  std::size_t count = 0;
  for (const Segment& segment : segments_) count += segment.vectors.size();
  return count;
}

std::uint64_t SegmentSet::file_size() const {
  std::uint64_t size = 0;
  for (const Segment& segment : segments_) {
    size += segment.text.file_size() + segment.vectors.file_size() + segment.passages.file_size();
  }
  return size;
}

std::size_t SegmentSet::segment_of_passage(std::uint32_t passage) const {
  const auto behind = std::ranges::upper_bound(segments_, passage, {}, &Segment::first_passage);
  return static_cast<std::size_t>(behind - segments_.begin()) - 1;
}

std::size_t SegmentSet::segment_of_page(std::uint32_t page) const {
  const auto behind = std::ranges::upper_bound(segments_, page, {}, &Segment::first_page);
  return static_cast<std::size_t>(behind - segments_.begin()) - 1;
}

std::optional<std::uint32_t> SegmentSet::find_page(const std::string& id) const {
  for (const Segment& segment : segments_) {
    if (const auto page = segment.passages.find(id)) return segment.first_page + *page;
  }
  return std::nullopt;
}

std::uint32_t SegmentSet::page_at(const store::BookPosition& place) const {
  for (const Segment& segment : segments_) {
    const std::uint32_t page = segment.passages.page_at(place);
    if (page < segment.passages.page_count()) return segment.first_page + page;
  }
  return pages_;
}

}  // namespace gibsey::retrieval::large
