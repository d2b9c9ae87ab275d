#pragma once
#include "base/result.hpp"

#include <cstddef>
#include <filesystem>
#include <span>
#include <utility>

namespace gibsey::retrieval::large {

/// A whole file, mapped into memory to be read. The file may be removed while it is mapped, not cut.
class MappedFile {
 public:
  /// not_found where there is none; unavailable.
  static Result<MappedFile> open(const std::filesystem::path& path);
  MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
  MappedFile& operator=(MappedFile&&) = delete;
  ~MappedFile();

  [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }

 private:
  explicit MappedFile(std::span<const std::byte> bytes) : bytes_(bytes) {}

  std::span<const std::byte> bytes_;
};

}  // namespace gibsey::retrieval::large
