#include "net/part_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <utility>

namespace gibsey::net {

namespace fs = std::filesystem;

namespace {

fs::path state_of(fs::path path) {
  path += ".state";
  return path;
}

/// A line a field: header fields hold no line breaks.
Result<void> write_version(const fs::path& path, const FileVersion& version) {
  auto fresh = state_of(path);
  fresh += ".new";
  std::ofstream out(fresh, std::ios::binary | std::ios::trunc);
  out << "url " << version.url << "\netag " << version.etag << "\nlast-modified " << version.last_modified << "\nbytes "
      << version.bytes << '\n';
  out.close();
  std::error_code error;
  if (out) fs::rename(fresh, state_of(path), error);
  if (out && !error) return {};
  return fail(ErrorCode::unavailable, fmt::format("{} cannot be written", state_of(path).string()));
}

}  // namespace

FileVersion read_version(const fs::path& path) {
  FileVersion version;
  std::ifstream in(state_of(path), std::ios::binary);
  for (std::string line; std::getline(in, line);) {
    const auto space = line.find(' ');
    if (space == std::string::npos) continue;
    const auto name = line.substr(0, space);
    const auto value = line.substr(space + 1);
    if (name == "url") version.url = value;
    if (name == "etag") version.etag = value;
    if (name == "last-modified") version.last_modified = value;
    if (name == "bytes") std::from_chars(value.data(), value.data() + value.size(), version.bytes);
  }
  return version;
}

void remove_part(const fs::path& path) {
  std::error_code ignored;
  fs::remove(path, ignored);
  fs::remove(state_of(path), ignored);
}

PartFile::PartFile(int descriptor, fs::path path) : descriptor_(descriptor), path_(std::move(path)) {}

PartFile::PartFile(PartFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      path_(std::move(other.path_)),
      version_(std::move(other.version_)),
      size_(other.size_),
      hash_(std::move(other.hash_)) {}

PartFile::~PartFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

std::unexpected<Error> PartFile::failed(const char* doing) const {
  const int number = errno;
  const auto code = number == ENOSPC || number == EDQUOT ? ErrorCode::too_large : ErrorCode::unavailable;
  return fail(code, fmt::format("{} {}: {}", doing, path_.string(), std::strerror(number)));
}

Result<PartFile> PartFile::open(const fs::path& path, const std::string& url) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  PartFile part(descriptor, path);
  if (descriptor < 0) return part.failed("opening");
  if (flock(descriptor, LOCK_EX | LOCK_NB) != 0)
    return fail(ErrorCode::busy, fmt::format("another gibsey is fetching {} just now", path.string()));
  GIBSEY_CHECK(part.take_up(url));
  return part;
}

Result<void> PartFile::take_up(const std::string& url) {
  version_ = read_version(path_);
  if (version_.url != url) return begin({.url = url});
  std::array<char, 64 * 1024> piece{};
  for (;;) {
    const auto count = pread(descriptor_, piece.data(), piece.size(), static_cast<off_t>(size_));
    if (count < 0) return failed("reading");
    if (count == 0) return {};
    hash_.add({piece.data(), static_cast<std::size_t>(count)});
    size_ += static_cast<std::uint64_t>(count);
  }
}

Result<void> PartFile::begin(FileVersion version) {
  if (ftruncate(descriptor_, 0) != 0) return failed("emptying");
  size_ = 0;
  hash_ = Sha256();
  version_ = std::move(version);
  return write_version(path_, version_);
}

Result<void> PartFile::append(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto count = write(descriptor_, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failed("writing");
    const auto written = bytes.substr(0, static_cast<std::size_t>(count));
    hash_.add(written);
    size_ += written.size();
    bytes.remove_prefix(written.size());
  }
  return {};
}

Result<void> PartFile::sync() {
  if (fdatasync(descriptor_) != 0) return failed("writing");
  return {};
}

}  // namespace gibsey::net
