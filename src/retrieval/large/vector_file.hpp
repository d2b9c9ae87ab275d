#pragma once
#include "base/result.hpp"
#include "retrieval/large/index_file.hpp"
#include "retrieval/large/top_list.hpp"
#include "retrieval/large/vector_graph.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <stop_token>
#include <vector>

namespace gibsey::retrieval::large {

/// Makes the vector file of a segment.
class VectorFileWriter {
 public:
  /// In rising order of passage. A vector of another dimension than the first is left out.
  void add(std::uint32_t passage, std::span<const float> values);
  [[nodiscard]] std::size_t size() const { return passages_.size(); }
  /// Builds the graph, for minutes. Errors: cancelled, unavailable.
  Result<void> write(const std::filesystem::path& path, int threads, const std::stop_token& stop);

 private:
  std::size_t dimension_ = 0;
  std::vector<std::uint32_t> passages_;
  std::vector<float> steps_;
  std::vector<std::int8_t> bytes_;
};

/// A question's vector.
struct QueryVector {
  explicit QueryVector(std::span<const float> values);
  std::span<const float> values;  ///< unit length; not owned
  std::vector<std::int8_t> bytes;
};

/// Vectors of a segment's passages and a graph that leads to the near ones. Immutable.
class VectorFile {
 public:
  /// Errors: those of IndexFile::open.
  static Result<VectorFile> open(const std::filesystem::path& path);

  [[nodiscard]] std::size_t size() const { return passages_.size(); }
  [[nodiscard]] std::size_t dimension() const { return dimension_; }
  /// Shows `best` the passages whose cosine is high, by number in the whole index. The search keeps the `width` nearest while it
  /// goes: the more, the fewer are missed. `removed` has a bit a passage that is no more; may be empty.
  void find_best(const QueryVector& query, std::size_t width, std::uint32_t first_passage, std::span<const std::uint64_t> removed,
                 TopList& best) const;
  /// nullopt for a passage without a vector. `query` has the dimension.
  [[nodiscard]] std::optional<float> cosine(std::uint32_t passage, std::span<const float> query) const;
  [[nodiscard]] bool has(std::uint32_t passage) const { return find(passage).has_value(); }
  [[nodiscard]] std::size_t file_size() const { return file_.size(); }

 private:
  struct Level {
    std::span<const std::uint32_t> below;
    std::span<const UpperLinks> links;
  };

  explicit VectorFile(IndexFile file);
  [[nodiscard]] std::optional<std::size_t> find(std::uint32_t passage) const;
  [[nodiscard]] const std::int8_t* bytes_of(std::uint32_t vector) const {
    return bytes_.data() + std::size_t{vector} * dimension_;
  }
  [[nodiscard]] float closeness(const QueryVector& query, std::uint32_t vector) const;
  [[nodiscard]] std::uint32_t descend(const QueryVector& query) const;

  IndexFile file_;
  std::size_t dimension_ = 0;
  std::uint32_t entry_ = 0;
  std::vector<Level> levels_;
  std::span<const std::uint32_t> passages_;
  std::span<const float> steps_;
  std::span<const std::int8_t> bytes_;
  std::span<const Links> links_;
};

}  // namespace gibsey::retrieval::large
