#pragma once
#include "base/result.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace gibsey::feed {

/// An open file, read and written at places. Errors: unavailable, naming file and cause. Reading is safe beside writing.
class File {
 public:
  enum class Open { existing, create, create_empty };
  static Result<File> open(const std::filesystem::path& path, Open how);

  File() = default;
  File(File&& other) noexcept;
  File& operator=(File&& other) noexcept;
  ~File();

  /// At most `size` bytes from `place`; fewer at the end.
  [[nodiscard]] Result<std::string> read(std::uint64_t place, std::size_t size) const;
  Result<void> write(std::uint64_t place, std::string_view bytes);
  Result<void> cut(std::uint64_t size);
  /// What was written survives a power loss when this returns.
  Result<void> sync();
  [[nodiscard]] Result<std::uint64_t> size() const;

 private:
  [[nodiscard]] std::unexpected<Error> failed(const char* what) const;

  int handle_ = -1;
  std::filesystem::path path_;
};

/// The names in a folder survive a power loss when this returns.
Result<void> sync_folder(const std::filesystem::path& folder);

}  // namespace gibsey::feed
