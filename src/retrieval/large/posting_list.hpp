#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace gibsey::retrieval::large {

/// That a key stands `count` times in a passage of a segment.
struct PassageCount {
  std::uint32_t passage = 0;
  std::uint32_t count = 0;
};

constexpr std::size_t kBlockSize = 128;
constexpr auto kNoPassage = std::numeric_limits<std::uint32_t>::max();

/// Appends the postings of a key (in order of passage, at least one) as docs/index_files.md describes them: blocks of 128, the
/// gaps between passages and the counts as packed bits. `weights` are the BM25 weights of the postings; the greatest of each
/// block is kept, rounded up (Ding and Suel 2011, "Faster Top-k Document Retrieval Using Block-Max Indexes").
void append_list(std::span<const PassageCount> postings, std::span<const float> weights, std::uint32_t pages,
                 std::vector<std::byte>& bytes);

/// What there is of a block beside its passages. Counts are taken out one by one: of most postings nobody asks for it.
struct PostingBlock {
  std::uint32_t size = 0;
  unsigned count_width = 0;  ///< in bits; 0: each stands once
  const std::byte* counts = nullptr;

  [[nodiscard]] std::uint32_t count(std::uint32_t number) const { return count_width == 0 ? 1 : packed_count(number); }
  [[nodiscard]] std::uint32_t packed_count(std::uint32_t number) const;
};

/// The postings of a key, read where they lie.
class PostingList {
 public:
  /// Of nothing.
  PostingList() = default;
  /// `bytes` begin with what append_list wrote, and have 8 more behind it.
  explicit PostingList(const std::byte* bytes);
  /// Of a key that stands once, in one passage.
  static PostingList of_one(std::uint32_t passage);

  [[nodiscard]] std::uint32_t passages() const { return passages_; }
  [[nodiscard]] std::uint32_t pages() const { return pages_; }
  [[nodiscard]] std::uint32_t blocks() const { return static_cast<std::uint32_t>((passages_ + kBlockSize - 1) / kBlockSize); }
  [[nodiscard]] bool is_one() const { return bytes_ == nullptr && passages_ == 1; }
  /// The last passage of a block. That of a list of one block is not known before it is read: kNoPassage.
  [[nodiscard]] std::uint32_t last_of(std::uint32_t block) const;
  /// No posting of the block weighs more, by the lengths that it was made with.
  [[nodiscard]] float most_of(std::uint32_t block) const;
  [[nodiscard]] float most() const;
  /// Gives the block's passages.
  PostingBlock read(std::uint32_t block, std::span<std::uint32_t, kBlockSize> passages) const;

 private:
  std::uint32_t passages_ = 0;
  std::uint32_t pages_ = 0;
  std::uint32_t only_ = 0;
  const std::byte* bytes_ = nullptr;  ///< the greatest weight, then the places of the blocks, then the blocks
};

/// Goes through a list, forwards.
class PostingCursor {
 public:
  explicit PostingCursor(PostingList list) : list_(list) {}

  [[nodiscard]] const PostingList& list() const { return list_; }
  /// kNoPassage behind the last. Valid after the first seek.
  [[nodiscard]] std::uint32_t passage() const { return passage_; }
  [[nodiscard]] std::uint32_t count() const { return read_.count(at_); }
  void next() {
    if (++at_ < read_.size) {
      passage_ = passages_[at_];
    } else {
      seek(passage_ + 1);
    }
  }
  /// To the first posting at or behind `passage`; never back.
  void seek(std::uint32_t passage);
  /// The greatest weight that a posting in [from, to) may have, without reading one; `from` never goes back.
  [[nodiscard]] float most_between(std::uint32_t from, std::uint32_t to);

 private:
  void load(std::uint32_t block);

  PostingList list_;
  std::uint32_t block_ = kNoPassage;  ///< that is read
  std::uint32_t ahead_ = 0;           ///< first block that may hold what is asked for
  std::uint32_t at_ = 0;
  std::uint32_t passage_ = 0;
  PostingBlock read_;
  std::array<std::uint32_t, kBlockSize> passages_;
};

}  // namespace gibsey::retrieval::large
