#include "retrieval/large/posting_field.hpp"

#include "base/ids.hpp"
#include "retrieval/bm25.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <fstream>
#include <system_error>
#include <utility>

namespace gibsey::retrieval::large {
namespace {

constexpr unsigned kPartBits = 5;
constexpr std::size_t kSpillAt = 1 << 15;  // places of a part in memory: 16 MiB in all parts
constexpr std::size_t kOccurrencesABucket = 16;
constexpr std::uint32_t kOnePassage = 0x80000000;
// Reading a packed value looks at up to 8 bytes behind it.
constexpr std::size_t kReadAhead = 8;

std::uint64_t bucket_of(std::uint64_t key, unsigned bits) {
  return bits == 0 ? 0 : key >> (64 - bits);
}

std::uint32_t rest_of(std::uint64_t key, unsigned bits) {
  return static_cast<std::uint32_t>((key << bits) >> 32);
}

}  // namespace

PostingField::PostingField(const IndexFile& file, std::size_t first_section)
    : buckets_(file.values<std::uint32_t>(first_section)),
      rests_(file.values<std::uint32_t>(first_section + 1)),
      values_(file.values<std::uint32_t>(first_section + 2)),
      lists_(file.section(first_section + 3)) {
  bucket_bits_ = static_cast<unsigned>(std::bit_width(buckets_.size() - 1) - 1);
}

PostingList PostingField::find(std::uint64_t key) const {
  const std::uint64_t bucket = bucket_of(key, bucket_bits_);
  const std::uint32_t rest = rest_of(key, bucket_bits_);
  const auto keys = rests_.subspan(buckets_[bucket], buckets_[bucket + 1] - buckets_[bucket]);
  const auto at = std::ranges::lower_bound(keys, rest);
  if (at == keys.end() || *at != rest) return {};
  const std::uint32_t value = values_[buckets_[bucket] + static_cast<std::size_t>(at - keys.begin())];
  if ((value & kOnePassage) != 0) return PostingList::of_one(value & ~kOnePassage);
  return PostingList(lists_.data() + value);
}

struct PostingFieldWriter::Output {
  unsigned bucket_bits = 0;
  std::vector<std::uint32_t> buckets;
  std::vector<std::uint32_t> rests;
  std::vector<std::uint32_t> values;
  std::vector<std::byte> lists;
};

PostingFieldWriter::PostingFieldWriter(std::filesystem::path folder)
    : folder_(std::move(folder)), parts_(std::size_t{1} << kPartBits) {}

PostingFieldWriter::~PostingFieldWriter() {
  std::error_code ignored;
  for (const Part& part : parts_) {
    if (!part.spill.empty()) std::filesystem::remove(part.spill, ignored);
  }
}

void PostingFieldWriter::add(std::uint64_t key, std::uint32_t passage) {
  Part& part = parts_[key >> (64 - kPartBits)];
  part.places.push_back({key, passage});
  ++count_;
  if (part.places.size() >= kSpillAt) spill(part);
}

void PostingFieldWriter::spill(Part& part) {
  if (part.spill.empty()) part.spill = folder_ / fmt::format("spill-{}", random_id());
  std::ofstream file(part.spill, std::ios::binary | std::ios::app);
  file.write(reinterpret_cast<const char*>(part.places.data()), static_cast<std::streamsize>(part.places.size() * sizeof(Place)));
  failed_ = failed_ || !file.flush();
  part.spilled += part.places.size();
  part.places.clear();
}

Result<std::vector<PostingFieldWriter::Place>> PostingFieldWriter::take(Part& part) {
  std::vector<Place> places(part.spilled);
  if (part.spilled > 0) {
    std::ifstream file(part.spill, std::ios::binary);
    file.read(reinterpret_cast<char*>(places.data()), static_cast<std::streamsize>(places.size() * sizeof(Place)));
    if (!file || failed_) return fail(ErrorCode::unavailable, fmt::format("cannot use {}", part.spill.string()));
    std::error_code ignored;
    std::filesystem::remove(part.spill, ignored);
    part.spill.clear();
  }
  places.insert(places.end(), part.places.begin(), part.places.end());
  part = {};
  return places;
}

void PostingFieldWriter::write_part(std::vector<Place> places, const PassageFrame& frame, Output& output) const {
  // By what is kept of the keys; what cannot be told apart is one.
  const unsigned dropped = 32 - output.bucket_bits;
  std::ranges::sort(places, {}, [dropped](const Place& place) { return std::pair(place.key >> dropped, place.passage); });
  std::vector<PassageCount> postings;
  std::vector<float> weights;
  for (std::size_t i = 0; i < places.size();) {
    const std::uint64_t bucket = bucket_of(places[i].key, output.bucket_bits);
    const std::uint32_t rest = rest_of(places[i].key, output.bucket_bits);
    postings.clear();
    for (const std::uint64_t kept = places[i].key >> dropped; i < places.size() && places[i].key >> dropped == kept; ++i) {
      if (postings.empty() || postings.back().passage != places[i].passage) postings.push_back({places[i].passage, 0});
      ++postings.back().count;
    }
    weights.clear();
    std::uint32_t pages = 0;
    for (std::size_t j = 0; j < postings.size(); ++j) {
      const std::uint32_t passage = postings[j].passage;
      weights.push_back(bm25::weight(postings[j].count, bm25::norm(frame.lengths[passage], frame.mean_length)));
      if (j == 0 || frame.page_of[passage] != frame.page_of[postings[j - 1].passage]) ++pages;
    }
    while (output.buckets.size() <= bucket) output.buckets.push_back(static_cast<std::uint32_t>(output.rests.size()));
    output.rests.push_back(rest);
    const bool one = postings.size() == 1 && postings[0].count == 1;
    output.values.push_back(one ? postings[0].passage | kOnePassage : static_cast<std::uint32_t>(output.lists.size()));
    if (!one) append_list(postings, weights, pages, output.lists);
  }
}

Result<void> PostingFieldWriter::write(const PassageFrame& frame, IndexFileWriter& file) {
  Output output;
  output.bucket_bits = std::min(24u, static_cast<unsigned>(std::bit_width(count_ / kOccurrencesABucket)));
  for (Part& part : parts_) {
    GIBSEY_TRY(auto places, take(part));
    write_part(std::move(places), frame, output);
    if (output.lists.size() >= kOnePassage) return fail(ErrorCode::too_large, "the postings of a segment take more than 2 GiB");
  }
  while (output.buckets.size() <= std::size_t{1} << output.bucket_bits) {
    output.buckets.push_back(static_cast<std::uint32_t>(output.rests.size()));
  }
  output.lists.resize(output.lists.size() + kReadAhead);
  file.begin_section();
  file.write_values(std::span<const std::uint32_t>(output.buckets));
  file.begin_section();
  file.write_values(std::span<const std::uint32_t>(output.rests));
  file.begin_section();
  file.write_values(std::span<const std::uint32_t>(output.values));
  file.begin_section();
  file.write_values(std::span<const std::byte>(output.lists));
  return {};
}

}  // namespace gibsey::retrieval::large
