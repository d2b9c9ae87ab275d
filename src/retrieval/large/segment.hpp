#pragma once
#include "base/result.hpp"
#include "retrieval/large/manifest.hpp"
#include "retrieval/large/passage_file.hpp"
#include "retrieval/large/text_file.hpp"
#include "retrieval/large/vector_file.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace gibsey::retrieval::large {

/// Pages of a book that follow each other, searched by themselves: nothing in one refers to another, so they may lie on other
/// machines one day.
struct Segment {
  TextFile text;
  VectorFile vectors;
  PassageFile passages;
  std::uint32_t first_passage = 0;  ///< in the whole index
  std::uint32_t first_page = 0;
};

/// The files of a manifest, opened and checked. Immutable, and shared by the versions of a book.
class SegmentSet {
 public:
  /// Checks every byte. Errors: corrupt (and not_found of a file that is missing is told as corrupt), unavailable.
  static Result<std::shared_ptr<const SegmentSet>> open(const std::filesystem::path& folder, Manifest manifest);

  [[nodiscard]] const Manifest& manifest() const { return manifest_; }
  [[nodiscard]] const std::vector<Segment>& segments() const { return segments_; }
  [[nodiscard]] std::uint32_t page_count() const { return pages_; }
  [[nodiscard]] std::uint32_t passage_count() const { return passages_; }
  [[nodiscard]] std::size_t vector_count() const;
  [[nodiscard]] std::uint64_t file_size() const;
  /// The segment that holds a passage or page by its number in the whole index.
  [[nodiscard]] std::size_t segment_of_passage(std::uint32_t passage) const;
  [[nodiscard]] std::size_t segment_of_page(std::uint32_t page) const;
  /// The page of that id; nullopt when the files have none.
  [[nodiscard]] std::optional<std::uint32_t> find_page(const std::string& id) const;
  /// The first page at or behind a place in the book's order.
  [[nodiscard]] std::uint32_t page_at(const store::BookPosition& place) const;

 private:
  SegmentSet() = default;

  Manifest manifest_;
  std::vector<Segment> segments_;
  std::uint32_t pages_ = 0;
  std::uint32_t passages_ = 0;
};

}  // namespace gibsey::retrieval::large
