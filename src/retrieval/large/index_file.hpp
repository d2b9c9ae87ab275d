#pragma once
#include "base/result.hpp"
#include "retrieval/large/mapped_file.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <type_traits>
#include <vector>

namespace gibsey::retrieval::large {

/// What stands in an index file; the bytes read as text.
enum class FileKind : std::uint32_t { text = 0x74786574, vectors = 0x73636576, passages = 0x73736170 };

/// Sections of a file begin at multiples of this.
constexpr std::size_t kSectionAlignment = 64;
constexpr std::size_t kMostSections = 16;

/// Writes an index file (docs/index_files.md): sections one behind another, then the header with their places and checksums.
/// Until finish() has returned the file has no valid header. A failure to write is remembered, and told by finish().
class IndexFileWriter {
 public:
  IndexFileWriter(std::filesystem::path path, FileKind kind);
  ~IndexFileWriter();
  IndexFileWriter(const IndexFileWriter&) = delete;
  IndexFileWriter& operator=(const IndexFileWriter&) = delete;

  /// What is written from here on belongs to the next section. The first is 0.
  void begin_section();
  void write(std::span<const std::byte> bytes);
  template <typename T>
  void write_values(std::span<const T> values) {
    static_assert(std::is_trivially_copyable_v<T>);
    write(std::as_bytes(values));
  }
  /// Flushes all to the disk. unavailable: it could not be written.
  Result<void> finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// An index file that was checked as a whole: size, version, kind, checksums.
class IndexFile {
 public:
  /// not_found; unavailable; corrupt: not a file of this kind, another version, cut or altered.
  static Result<IndexFile> open(const std::filesystem::path& path, FileKind kind, std::size_t sections);

  [[nodiscard]] std::span<const std::byte> section(std::size_t number) const { return sections_[number]; }
  /// The section as an array.
  template <typename T>
  [[nodiscard]] std::span<const T> values(std::size_t number) const {
    static_assert(std::is_trivially_copyable_v<T> && alignof(T) <= kSectionAlignment);
    const auto bytes = section(number);
    return {reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T)};
  }
  [[nodiscard]] std::size_t size() const { return file_.bytes().size(); }

 private:
  explicit IndexFile(MappedFile file) : file_(std::move(file)) {}

  MappedFile file_;
  std::array<std::span<const std::byte>, kMostSections> sections_;
};

/// Makes a rename or a new file of that folder durable.
Result<void> sync_folder(const std::filesystem::path& folder);

}  // namespace gibsey::retrieval::large
