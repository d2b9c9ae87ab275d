#include "feed/file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace gibsey::feed {

Result<File> File::open(const std::filesystem::path& path, Open how) {
  File file;
  file.path_ = path;
  const int flags = O_RDWR | O_CLOEXEC | (how == Open::existing ? 0 : O_CREAT) | (how == Open::create_empty ? O_TRUNC : 0);
  file.handle_ = ::open(path.c_str(), flags, 0644);
  if (file.handle_ < 0) return file.failed("opened");
  return file;
}

File::File(File&& other) noexcept : handle_(std::exchange(other.handle_, -1)), path_(std::move(other.path_)) {}

File& File::operator=(File&& other) noexcept {
  std::swap(handle_, other.handle_);
  std::swap(path_, other.path_);
  return *this;
}

File::~File() {
  if (handle_ >= 0) ::close(handle_);
}

Result<std::string> File::read(std::uint64_t place, std::size_t size) const {
  std::string bytes(size, '\0');
  std::size_t got = 0;
  while (got < size) {
    const auto count = ::pread(handle_, bytes.data() + got, size - got, static_cast<off_t>(place + got));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failed("read");
    if (count == 0) break;
    got += static_cast<std::size_t>(count);
  }
  bytes.resize(got);
  return bytes;
}

Result<void> File::write(std::uint64_t place, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto count = ::pwrite(handle_, bytes.data(), bytes.size(), static_cast<off_t>(place));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failed("written");
    bytes.remove_prefix(static_cast<std::size_t>(count));
    place += static_cast<std::uint64_t>(count);
  }
  return {};
}

Result<void> File::cut(std::uint64_t size) {
  if (::ftruncate(handle_, static_cast<off_t>(size)) != 0) return failed("cut");
  return {};
}

Result<void> File::sync() {
  if (::fdatasync(handle_) != 0) return failed("synced");
  return {};
}

Result<std::uint64_t> File::size() const {
  struct stat status{};
  if (::fstat(handle_, &status) != 0) return failed("read");
  return static_cast<std::uint64_t>(status.st_size);
}

std::unexpected<Error> File::failed(const char* what) const {
  return fail(ErrorCode::unavailable, fmt::format("{} cannot be {}: {}", path_.string(), what, std::strerror(errno)));
}

Result<void> sync_folder(const std::filesystem::path& folder) {
  const int handle = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = handle >= 0 && ::fsync(handle) == 0;
  if (handle >= 0) ::close(handle);
  if (!synced) return fail(ErrorCode::unavailable, fmt::format("{} cannot be synced: {}", folder.string(), std::strerror(errno)));
  return {};
}

}  // namespace gibsey::feed
