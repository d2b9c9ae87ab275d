#include "retrieval/large/vector_file.hpp"

#include "retrieval/large/byte_vectors.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <queue>
#include <utility>

namespace gibsey::retrieval::large {
namespace {

/// Sections of a vector file.
enum : std::size_t { kShape, kPassages, kSteps, kBytes, kLowest, kLevelSizes, kBelow, kUpper, kSections };

struct FileShape {
  std::uint32_t dimension = 0;
  std::uint32_t entry = 0;
};

struct Near {
  float closeness = 0;
  std::uint32_t vector = 0;
  friend auto operator<=>(const Near&, const Near&) = default;
};

void prefetch(const void* first, std::size_t size) {
  constexpr std::size_t kCacheLine = 64;
  for (std::size_t at = 0; at < size; at += kCacheLine) __builtin_prefetch(static_cast<const char*>(first) + at);
}

}  // namespace

void VectorFileWriter::add(std::uint32_t passage, std::span<const float> values) {
  if (dimension_ == 0) dimension_ = values.size();
  if (values.size() != dimension_ || values.empty()) return;
  const ByteVector vector = to_bytes(values);
  passages_.push_back(passage);
  steps_.push_back(vector.step);
  bytes_.insert(bytes_.end(), vector.bytes.begin(), vector.bytes.end());
}

Result<void> VectorFileWriter::write(const std::filesystem::path& path, int threads, const std::stop_token& stop) {
  GIBSEY_TRY(const auto graph, build_graph(bytes_, steps_, dimension_, threads, stop));
  IndexFileWriter file(path, FileKind::vectors);
  const auto section = [&file]<typename T>(const std::vector<T>& values) {
    file.begin_section();
    file.write_values(std::span<const T>(values));
  };
  section(std::vector<FileShape>{{static_cast<std::uint32_t>(dimension_), graph.entry}});
  section(passages_);
  section(steps_);
  section(bytes_);
  section(graph.links);
  std::vector<std::uint32_t> sizes;
  for (const GraphLevel& level : graph.levels) sizes.push_back(static_cast<std::uint32_t>(level.below.size()));
  section(sizes);
  file.begin_section();
  for (const GraphLevel& level : graph.levels) file.write_values(std::span<const std::uint32_t>(level.below));
  file.begin_section();
  for (const GraphLevel& level : graph.levels) file.write_values(std::span<const UpperLinks>(level.links));
  return file.finish();
}

QueryVector::QueryVector(std::span<const float> given) : values(given), bytes(to_bytes(given).bytes) {}

Result<VectorFile> VectorFile::open(const std::filesystem::path& path) {
  GIBSEY_TRY(auto file, IndexFile::open(path, FileKind::vectors, kSections));
  return VectorFile(std::move(file));
}

VectorFile::VectorFile(IndexFile file)
    : file_(std::move(file)),
      passages_(file_.values<std::uint32_t>(kPassages)),
      steps_(file_.values<float>(kSteps)),
      bytes_(file_.values<std::int8_t>(kBytes)),
      links_(file_.values<Links>(kLowest)) {
  const FileShape shape = file_.values<FileShape>(kShape).front();
  dimension_ = shape.dimension;
  entry_ = shape.entry;
  auto below = file_.values<std::uint32_t>(kBelow);
  auto links = file_.values<UpperLinks>(kUpper);
  for (const std::uint32_t size : file_.values<std::uint32_t>(kLevelSizes)) {
    levels_.push_back({below.first(size), links.first(size)});
    below = below.subspan(size);
    links = links.subspan(size);
  }
}

std::optional<std::size_t> VectorFile::find(std::uint32_t passage) const {
  // Where all passages before it have a vector too, it stands there.
  if (passage < passages_.size() && passages_[passage] == passage) return passage;
  const auto at = std::ranges::lower_bound(passages_, passage);
  if (at == passages_.end() || *at != passage) return std::nullopt;
  return static_cast<std::size_t>(at - passages_.begin());
}

std::optional<float> VectorFile::cosine(std::uint32_t passage, std::span<const float> query) const {
  const auto vector = find(passage);
  if (!vector) return std::nullopt;
  return dot(query.data(), bytes_of(static_cast<std::uint32_t>(*vector)), dimension_) * steps_[*vector];
}

float VectorFile::closeness(const QueryVector& query, std::uint32_t vector) const {
  return static_cast<float>(dot(query.bytes.data(), bytes_of(vector), dimension_)) * steps_[vector];
}

/// From the entry, level by level, to what is nearest there; the vector where the lowest level is to be searched from.
std::uint32_t VectorFile::descend(const QueryVector& query) const {
  const auto vector_at = [this](std::size_t level, std::uint32_t place) {
    for (std::size_t i = level + 1; i > 0; --i) place = levels_[i - 1].below[place];
    return place;
  };
  std::uint32_t place = entry_;
  for (std::size_t level = levels_.size(); level-- > 0;) {
    float best = closeness(query, vector_at(level, place));
    for (bool better = true; better;) {
      better = false;
      for (const std::uint32_t other : levels_[level].links[place]) {
        if (other == kNoVector) break;
        const float there = closeness(query, vector_at(level, other));
        if (there <= best) continue;
        best = there;
        place = other;
        better = true;
      }
    }
    place = levels_[level].below[place];
  }
  return place;
}

void VectorFile::find_best(const QueryVector& query, std::size_t width, std::uint32_t first_passage,
                           std::span<const std::uint64_t> removed, TopList& best) const {
  if (passages_.empty()) return;
  const auto is_removed = [&](std::uint32_t vector) {
    if (removed.empty()) return false;
    const std::uint32_t passage = passages_[vector];
    return ((removed[passage / 64] >> (passage % 64)) & 1) != 0;
  };
  std::vector<std::uint64_t> seen((passages_.size() + 63) / 64, 0);
  std::priority_queue<Near> open;                                      // the nearest first
  std::priority_queue<Near, std::vector<Near>, std::greater<>> found;  // the farthest first
  const auto visit = [&](std::uint32_t vector) {
    const Near near{closeness(query, vector), vector};
    if (found.size() >= width && near.closeness <= found.top().closeness) return;
    open.push(near);
    prefetch(&links_[vector], sizeof(Links));
    if (is_removed(vector)) return;
    found.push(near);
    if (found.size() > width) found.pop();
  };
  const std::uint32_t start = descend(query);
  seen[start / 64] |= std::uint64_t{1} << (start % 64);
  visit(start);
  while (!open.empty()) {
    const Near next = open.top();
    if (found.size() >= width && next.closeness < found.top().closeness) break;
    open.pop();
    std::array<std::uint32_t, kLinks> fresh;
    std::size_t count = 0;
    for (const std::uint32_t other : links_[next.vector]) {
      if (other == kNoVector) break;
      std::uint64_t& word = seen[other / 64];
      const std::uint64_t bit = std::uint64_t{1} << (other % 64);
      if ((word & bit) != 0) continue;
      word |= bit;
      fresh[count++] = other;
      prefetch(&steps_[other], sizeof(float));
      prefetch(bytes_of(other), dimension_);
    }
    for (std::size_t i = 0; i < count; ++i) visit(fresh[i]);
  }
  // Told apart by the question's own numbers at last; those of the passages stay rounded.
  for (; !found.empty(); found.pop()) {
    const std::uint32_t vector = found.top().vector;
    const float cosine = dot(query.values.data(), bytes_of(vector), dimension_) * steps_[vector];
    best.show({cosine, first_passage + passages_[vector]});
  }
}

}  // namespace gibsey::retrieval::large
