#include "store/sqlite/folder_lock.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <string_view>
#include <system_error>
#include <utility>

namespace gibsey::store {
namespace {

/// The file holds the process id on its first line and the address on its second.
FolderHolder read_holder(int descriptor) {
  std::array<char, 512> buffer{};
  const auto size = pread(descriptor, buffer.data(), buffer.size(), 0);
  const std::string_view text(buffer.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  FolderHolder holder;
  const auto line_end = std::min(text.find('\n'), text.size());
  std::from_chars(text.data(), text.data() + line_end, holder.pid);
  if (line_end < text.size()) holder.address = text.substr(line_end + 1, text.find('\n', line_end + 1) - line_end - 1);
  return holder;
}

Result<void> write_holder(int descriptor, const std::filesystem::path& path, const FolderHolder& holder) {
  const auto text = fmt::format("{}\n{}\n", holder.pid, holder.address);
  const bool written =
      ftruncate(descriptor, 0) == 0 && pwrite(descriptor, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
  if (written) return {};
  return fail(ErrorCode::unavailable,
              fmt::format("{} cannot be written ({}); check the disk", path.string(), std::generic_category().message(errno)));
}

/// Open-file-description locks belong to the open file, as those of flock do, and can also be asked about without being
/// taken.
struct flock whole_file() {
  struct flock lock{};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return lock;
}

Error cannot_open(const std::filesystem::path& path, int code) {
  return {ErrorCode::unavailable, fmt::format("{} cannot be opened ({}); choose a data folder that this user may write",
                                              path.string(), std::generic_category().message(code))};
}

}  // namespace

FolderLock::FolderLock(int descriptor, std::filesystem::path path) : descriptor_(descriptor), path_(std::move(path)) {}

Result<FolderLock> FolderLock::take(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  const auto path = folder / "gibsey.lock";
  if (error) return std::unexpected(cannot_open(folder, error.value()));
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0) return std::unexpected(cannot_open(path, errno));
  FolderLock lock(descriptor, path);
  auto wanted = whole_file();
  if (fcntl(descriptor, F_OFD_SETLK, &wanted) != 0) {
    if (errno != EAGAIN && errno != EACCES) return std::unexpected(cannot_open(path, errno));
    const auto holder = read_holder(descriptor);
    lock.descriptor_ = -1;  // not ours: it must not be cleared
    ::close(descriptor);
    return fail(ErrorCode::busy,
                fmt::format("the data folder {} is in use by process {}{}; stop it or choose another folder with --data",
                            folder.string(), holder.pid, holder.address.empty() ? "" : " (" + holder.address + ")"));
  }
  GIBSEY_CHECK(write_holder(descriptor, path, {.pid = getpid(), .address = {}}));
  return lock;
}

Result<std::optional<FolderHolder>> FolderLock::find_holder(const std::filesystem::path& folder) {
  const auto path = folder / "gibsey.lock";
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    return std::unexpected(cannot_open(path, errno));
  }
  auto asked = whole_file();
  const bool answered = fcntl(descriptor, F_OFD_GETLK, &asked) == 0;
  const int code = errno;
  std::optional<FolderHolder> holder;
  if (answered && asked.l_type != F_UNLCK) holder = read_holder(descriptor);
  ::close(descriptor);
  if (!answered) return std::unexpected(cannot_open(path, code));
  return holder;
}

FolderLock::FolderLock(FolderLock&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)) {}

FolderLock& FolderLock::operator=(FolderLock&& other) noexcept {
  if (this != &other) {
    unlock();
    descriptor_ = std::exchange(other.descriptor_, -1);
    path_ = std::move(other.path_);
  }
  return *this;
}

FolderLock::~FolderLock() {
  unlock();
}

Result<void> FolderLock::announce(const std::string& address) {
  return write_holder(descriptor_, path_, {.pid = getpid(), .address = address});
}

void FolderLock::unlock() {
  if (descriptor_ < 0) return;
  // The file stays: to remove it would let two processes hold locks on two files of the same name.
  static_cast<void>(ftruncate(descriptor_, 0));
  ::close(descriptor_);
  descriptor_ = -1;
}

}  // namespace gibsey::store
