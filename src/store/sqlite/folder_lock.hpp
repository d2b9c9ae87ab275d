#pragma once
#include "base/result.hpp"

#include <sys/types.h>
#include <filesystem>
#include <optional>
#include <string>

namespace gibsey::store {

/// Who has a data folder open.
struct FolderHolder {
  pid_t pid = 0;
  std::string address;  ///< where the server answers ("http://127.0.0.1:8002"); empty until it listens, or when it is a command
};

/// Keeps two programs from using one data folder: an exclusive lock on `folder`/gibsey.lock, which the system gives up
/// when the process ends, however it ends. Not for concurrent use.
class FolderLock {
 public:
  /// Makes the folder if need be; never waits. Errors: busy (the message names the holder), unavailable (folder or file
  /// cannot be made or written).
  static Result<FolderLock> take(const std::filesystem::path& folder);
  /// Who holds the folder now; nothing when nobody does. Errors: unavailable.
  static Result<std::optional<FolderHolder>> find_holder(const std::filesystem::path& folder);

  FolderLock(FolderLock&& other) noexcept;
  FolderLock& operator=(FolderLock&& other) noexcept;
  ~FolderLock();

  /// Writes down where the server answers, for commands that look for it. Error: unavailable.
  Result<void> announce(const std::string& address);

 private:
  FolderLock(int descriptor, std::filesystem::path path);
  void unlock();

  int descriptor_ = -1;
  std::filesystem::path path_;
};

}  // namespace gibsey::store
