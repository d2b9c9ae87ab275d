#pragma once
#include "base/result.hpp"
#include "net/sha256.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace gibsey::net {

/// Of which version of a file the bytes are; empty and 0 where the server did not say.
struct FileVersion {
  std::string url;            ///< as it was asked for, before any redirect
  std::string etag;           ///< strong or weak
  std::string last_modified;  ///< as sent
  std::uint64_t bytes = 0;    ///< of the whole file

  friend bool operator==(const FileVersion&, const FileVersion&) = default;
};

/// The beginning of a file that is being fetched, and beside it, in `path`.state, of which version it is: what is needed to go on
/// after any kind of end. One program at a time has it. Not for concurrent use. Blocks: files are read and written on the spot.
class PartFile {
 public:
  /// Makes it where there is none; reads what there is for its hash. Without its state, or with one of another address, what
  /// there was is dropped. Errors: busy (another program is at it), unavailable (cannot be read or written).
  static Result<PartFile> open(const std::filesystem::path& path, const std::string& url);
  PartFile(PartFile&& other) noexcept;
  PartFile& operator=(PartFile&&) = delete;
  ~PartFile();

  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] const FileVersion& version() const { return version_; }
  [[nodiscard]] std::string sha256() const { return hash_.hex(); }

  /// Drops every byte; from now on it is this version's. Errors: unavailable.
  Result<void> begin(FileVersion version);
  /// Errors: too_large (the disk is full), unavailable.
  Result<void> append(std::string_view bytes);
  /// So that a loss of power takes nothing away. Errors: unavailable.
  Result<void> sync();

 private:
  PartFile(int descriptor, std::filesystem::path path);
  Result<void> take_up(const std::string& url);
  [[nodiscard]] std::unexpected<Error> failed(const char* doing) const;

  int descriptor_ = -1;
  std::filesystem::path path_;
  FileVersion version_;
  std::uint64_t size_ = 0;
  Sha256 hash_;
};

/// `path` and what lies beside it, if they are there.
void remove_part(const std::filesystem::path& path);
/// What `path`.state says; all empty where there is none.
[[nodiscard]] FileVersion read_version(const std::filesystem::path& path);

}  // namespace gibsey::net
