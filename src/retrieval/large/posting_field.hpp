#pragma once
#include "base/result.hpp"
#include "retrieval/large/index_file.hpp"
#include "retrieval/large/posting_list.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

namespace gibsey::retrieval::large {

/// Sections that a field takes in its file.
constexpr std::size_t kFieldSections = 4;

/// Postings of many keys in a file. Keys are hashes of 64 bits, of which the first 32 and some more are kept: two of ten million
/// share them with a chance of one in a hundred, and are one key then.
class PostingField {
 public:
  /// `file` outlives the field.
  PostingField(const IndexFile& file, std::size_t first_section);

  /// Empty for a key that is not there.
  [[nodiscard]] PostingList find(std::uint64_t key) const;
  [[nodiscard]] std::size_t key_count() const { return rests_.size(); }

 private:
  unsigned bucket_bits_ = 0;
  std::span<const std::uint32_t> buckets_;  ///< the first key of each, and the end of the last
  std::span<const std::uint32_t> rests_;    ///< the bits of a key behind those of its bucket; sorted within it
  std::span<const std::uint32_t> values_;   ///< where its list begins, or the one passage with the first bit set
  std::span<const std::byte> lists_;
};

/// The lengths and pages of a segment's passages, by which postings are counted and weighed.
struct PassageFrame {
  std::vector<std::uint16_t> lengths;  ///< in words; 65,535 for more
  std::vector<std::uint32_t> page_of;
  float mean_length = 1;
};

/// Collects which keys stand in which passages. What does not fit into a few MiB lies in files of `folder` until it is written.
class PostingFieldWriter {
 public:
  explicit PostingFieldWriter(std::filesystem::path folder);
  ~PostingFieldWriter();
  PostingFieldWriter(const PostingFieldWriter&) = delete;
  PostingFieldWriter& operator=(const PostingFieldWriter&) = delete;

  /// Passages in rising order; once for each time that the key stands there.
  void add(std::uint64_t key, std::uint32_t passage);
  /// Writes the sections of the field. too_large: the lists take more than 2 GiB; unavailable: the folder is full.
  Result<void> write(const PassageFrame& frame, IndexFileWriter& file);

 private:
  struct Place {
    std::uint64_t key = 0;
    std::uint32_t passage = 0;
  };
  /// Keys with the same first bits.
  struct Part {
    std::vector<Place> places;
    std::filesystem::path spill;
    std::size_t spilled = 0;
  };
  struct Output;

  void spill(Part& part);
  Result<std::vector<Place>> take(Part& part);
  void write_part(std::vector<Place> places, const PassageFrame& frame, Output& output) const;

  std::filesystem::path folder_;
  std::vector<Part> parts_;
  std::size_t count_ = 0;
  bool failed_ = false;
};

}  // namespace gibsey::retrieval::large
