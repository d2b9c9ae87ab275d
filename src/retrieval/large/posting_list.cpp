#include "retrieval/large/posting_list.hpp"

#include "retrieval/bm25.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <utility>

namespace gibsey::retrieval::large {
namespace {

// Of a list of several blocks: for each its last passage, where it ends, its greatest weight.
constexpr std::size_t kPlaceSize = sizeof(std::uint32_t) * 2 + 1;

template <typename T>
T load_value(const std::byte* at) {
  T value;
  std::memcpy(&value, at, sizeof(T));
  return value;
}

template <typename T>
void append_value(std::vector<std::byte>& bytes, T value) {
  const auto* first = reinterpret_cast<const std::byte*>(&value);
  bytes.insert(bytes.end(), first, first + sizeof(T));
}

void append_varint(std::vector<std::byte>& bytes, std::uint32_t value) {
  for (; value >= 0x80; value >>= 7) bytes.push_back(static_cast<std::byte>(value | 0x80));
  bytes.push_back(static_cast<std::byte>(value));
}

std::uint32_t read_varint(const std::byte*& at) {
  std::uint32_t value = 0;
  for (unsigned shift = 0;; shift += 7) {
    const auto byte = static_cast<std::uint32_t>(*at++);
    value |= (byte & 0x7F) << shift;
    if (byte < 0x80) return value;
  }
}

// One part in 255 of the greatest weight that BM25 gives; rounded up, so that no bound is too low.
constexpr float kWeightStep = bm25::kMostWeight / 255;

std::byte rounded_up(float weight) {
  return static_cast<std::byte>(std::min(255.0f, std::ceil(weight / kWeightStep)));
}

float weight_of(std::byte step) {
  return static_cast<float>(step) * kWeightStep;
}

std::size_t packed_size(std::size_t values, unsigned width) {
  return (values * width + 7) / 8;
}

void pack(std::span<const std::uint32_t> values, unsigned width, std::vector<std::byte>& bytes) {
  std::uint64_t bits = 0;
  unsigned held = 0;
  for (const std::uint32_t value : values) {
    bits |= static_cast<std::uint64_t>(value) << held;
    for (held += width; held >= 8; held -= 8) {
      bytes.push_back(static_cast<std::byte>(bits));
      bits >>= 8;
    }
  }
  if (held > 0) bytes.push_back(static_cast<std::byte>(bits));
}

/// One of the values that pack() wrote. Reads up to 8 bytes more than there are.
std::uint32_t packed_value(const std::byte* from, unsigned width, std::size_t number) {
  const std::size_t bit = number * width;
  const std::uint64_t mask = (std::uint64_t{1} << width) - 1;
  return static_cast<std::uint32_t>((load_value<std::uint64_t>(from + bit / 8) >> (bit % 8)) & mask);
}

/// With a width that the compiler knows, eight values are eight loads and shifts without a branch.
template <unsigned kWidth>
void unpack_as(const std::byte* from, std::uint32_t count, std::uint32_t* values) {
  constexpr std::uint64_t kMask = (std::uint64_t{1} << kWidth) - 1;
  std::uint32_t i = 0;
  for (; i + 8 <= count; i += 8, from += kWidth) {
    for (unsigned j = 0; j < 8; ++j) {
      const unsigned bit = j * kWidth;
      values[i + j] = static_cast<std::uint32_t>((load_value<std::uint64_t>(from + bit / 8) >> (bit % 8)) & kMask);
    }
  }
  for (std::uint32_t j = 0; i + j < count; ++j) values[i + j] = packed_value(from, kWidth, j);
}

using Unpack = void (*)(const std::byte*, std::uint32_t, std::uint32_t*);

template <std::size_t... kWidths>
constexpr std::array<Unpack, sizeof...(kWidths)> unpacks(std::index_sequence<kWidths...> /*widths*/) {
  return {unpack_as<kWidths>...};
}

constexpr auto kUnpack = unpacks(std::make_index_sequence<33>());

unsigned width_of(std::span<const std::uint32_t> values) {
  return static_cast<unsigned>(std::bit_width(std::ranges::max(values)));
}

/// `before` is the passage before the block's first, kNoPassage (that is -1) for none.
void append_block(std::span<const PassageCount> postings, std::uint32_t before, std::vector<std::byte>& bytes) {
  std::array<std::uint32_t, kBlockSize> gaps;
  std::array<std::uint32_t, kBlockSize> counts;
  for (std::size_t i = 0; i < postings.size(); ++i) {
    gaps[i] = postings[i].passage - before - 1;
    counts[i] = postings[i].count - 1;
    before = postings[i].passage;
  }
  const auto gaps_here = std::span(gaps).first(postings.size());
  const auto counts_here = std::span(counts).first(postings.size());
  const unsigned gap_width = width_of(gaps_here);
  const unsigned count_width = width_of(counts_here);
  bytes.push_back(static_cast<std::byte>(gap_width));
  bytes.push_back(static_cast<std::byte>(count_width));
  pack(gaps_here, gap_width, bytes);
  pack(counts_here, count_width, bytes);
}

}  // namespace

void append_list(std::span<const PassageCount> postings, std::span<const float> weights, std::uint32_t pages,
                 std::vector<std::byte>& bytes) {
  append_varint(bytes, static_cast<std::uint32_t>(postings.size()));
  append_varint(bytes, pages);
  bytes.push_back(rounded_up(std::ranges::max(weights)));
  const std::size_t blocks = (postings.size() + kBlockSize - 1) / kBlockSize;
  const std::size_t places = bytes.size();
  if (blocks > 1) bytes.resize(bytes.size() + blocks * kPlaceSize);
  const std::size_t start = bytes.size();
  std::uint32_t before = kNoPassage;
  for (std::size_t block = 0; block < blocks; ++block) {
    const std::size_t first = block * kBlockSize;
    const std::size_t size = std::min(kBlockSize, postings.size() - first);
    append_block(postings.subspan(first, size), before, bytes);
    before = postings[first + size - 1].passage;
    if (blocks == 1) return;
    const auto end = static_cast<std::uint32_t>(bytes.size() - start);
    std::memcpy(&bytes[places + block * 4], &before, 4);
    std::memcpy(&bytes[places + (blocks + block) * 4], &end, 4);
    bytes[places + blocks * 8 + block] = rounded_up(std::ranges::max(weights.subspan(first, size)));
  }
}

PostingList::PostingList(const std::byte* bytes) : passages_(read_varint(bytes)), pages_(read_varint(bytes)), bytes_(bytes) {}

PostingList PostingList::of_one(std::uint32_t passage) {
  PostingList list;
  list.passages_ = list.pages_ = 1;
  list.only_ = passage;
  return list;
}

std::uint32_t PostingList::last_of(std::uint32_t block) const {
  if (blocks() == 1) return is_one() ? only_ : kNoPassage;
  return load_value<std::uint32_t>(bytes_ + 1 + std::size_t{block} * 4);
}

float PostingList::most_of(std::uint32_t block) const {
  return blocks() == 1 ? most() : weight_of(bytes_[1 + std::size_t{blocks()} * 8 + block]);
}

float PostingList::most() const {
  return bytes_ == nullptr ? bm25::kMostWeight : weight_of(*bytes_);
}

PostingBlock PostingList::read(std::uint32_t block, std::span<std::uint32_t, kBlockSize> passages) const {
  if (is_one()) {
    passages[0] = only_;
    return {.size = 1};
  }
  const std::uint32_t blocks = this->blocks();
  const std::byte* at = bytes_ + 1;
  std::uint32_t before = kNoPassage;
  if (blocks > 1) {
    at += blocks * kPlaceSize;
    if (block > 0) {
      at += load_value<std::uint32_t>(bytes_ + 1 + (std::size_t{blocks} + block - 1) * 4);
      before = last_of(block - 1);
    }
  }
  const auto size = std::min(static_cast<std::uint32_t>(kBlockSize), passages_ - block * static_cast<std::uint32_t>(kBlockSize));
  const auto gap_width = static_cast<unsigned>(at[0]);
  const auto count_width = static_cast<unsigned>(at[1]);
  at += 2;
  kUnpack[gap_width](at, size, passages.data());
  for (std::uint32_t i = 0; i < size; ++i) passages[i] = before += passages[i] + 1;
  return {.size = size, .count_width = count_width, .counts = at + packed_size(size, gap_width)};
}

std::uint32_t PostingBlock::packed_count(std::uint32_t number) const {
  return packed_value(counts, count_width, number) + 1;
}

void PostingCursor::load(std::uint32_t block) {
  if (block_ == block) return;
  block_ = block;
  read_ = list_.read(block, passages_);
  at_ = 0;
}

void PostingCursor::seek(std::uint32_t passage) {
  if (passage_ >= passage && block_ != kNoPassage) return;
  const std::uint32_t blocks = list_.blocks();
  ahead_ = std::max(ahead_, block_ == kNoPassage ? 0 : block_);
  // Even a list of all passages of a segment has but 2,000 blocks; their ends lie one behind another.
  while (ahead_ < blocks && list_.last_of(ahead_) < passage) ++ahead_;
  if (ahead_ >= blocks) {
    passage_ = kNoPassage;
    return;
  }
  load(ahead_);
  const auto* first = passages_.data() + at_;
  const auto* found = std::lower_bound(first, static_cast<const std::uint32_t*>(passages_.data()) + read_.size, passage);
  at_ = static_cast<std::uint32_t>(found - passages_.data());
  passage_ = at_ < read_.size ? passages_[at_] : kNoPassage;
}

float PostingCursor::most_between(std::uint32_t from, std::uint32_t to) {
  if (block_ != kNoPassage && passage_ >= to) return 0;
  const std::uint32_t blocks = list_.blocks();
  while (ahead_ < blocks && list_.last_of(ahead_) < from) ++ahead_;
  float most = 0;
  for (std::uint32_t block = ahead_; block < blocks; ++block) {
    most = std::max(most, list_.most_of(block));
    if (list_.last_of(block) >= to) break;
  }
  return most;
}

}  // namespace gibsey::retrieval::large
