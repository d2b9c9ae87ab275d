#include "store/sqlite/backup.hpp"

#include "store/sqlite/connection.hpp"
#include "store/sqlite/sqlite_error.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <system_error>

namespace gibsey::store::sqlite {
namespace {

struct CloseFile {
  void operator()(sqlite3* handle) const { sqlite3_close(handle); }
};
using OpenFile = std::unique_ptr<sqlite3, CloseFile>;

/// Makes the file, empty, so that no other program's can be overwritten.
Result<void> reserve(const std::filesystem::path& file) {
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor >= 0) {
    ::close(descriptor);
    return {};
  }
  if (errno == EEXIST) {
    return fail(ErrorCode::conflict, fmt::format("{} exists already; give the backup a name of its own", file.string()));
  }
  return fail(ErrorCode::unavailable,
              fmt::format("{} cannot be made ({}); choose a folder that exists and that this user may write", file.string(),
                          std::generic_category().message(errno)));
}

/// One transaction of the copy's own, with a rollback journal and full syncs: cut off, it leaves an empty database.
Result<void> copy_pages(Connection& source, const std::string& path) {
  sqlite3* handle = nullptr;
  const int opened = sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  const OpenFile copy(handle);
  if (opened != SQLITE_OK) return std::unexpected(to_error(opened, handle, path));
  sqlite3_backup* backup = sqlite3_backup_init(handle, "main", source.handle(), "main");
  if (backup == nullptr) return std::unexpected(to_error(sqlite3_errcode(handle), handle, path));
  // All at once: a step at a time would begin again whenever another connection had written in between.
  const int copied = sqlite3_backup_step(backup, -1);
  const int finished = sqlite3_backup_finish(backup);
  if (copied == SQLITE_DONE && finished == SQLITE_OK) return {};
  return std::unexpected(to_error(finished != SQLITE_OK ? finished : copied, handle, path));
}

Error damaged(const Connection& db, const std::string& complaint) {
  return {ErrorCode::corrupt,
          fmt::format("{} is damaged ({}); stop the server and put a backup in its place", db.path(), complaint)};
}

}  // namespace

Result<void> write_backup(Connection& source, const std::filesystem::path& file) {
  GIBSEY_CHECK(reserve(file));
  auto copied = copy_pages(source, file.string());
  if (!copied) {
    std::error_code ignored;  // the first error is the one to tell
    std::filesystem::remove(file, ignored);
    std::filesystem::remove(file.string() + "-journal", ignored);
  }
  return copied;
}

Result<void> check_integrity(Connection& db) {
  GIBSEY_TRY(const auto complaint, db.value<std::string>("PRAGMA integrity_check(1)"));
  if (complaint != "ok") return std::unexpected(damaged(db, complaint));
  return db.each("PRAGMA foreign_key_check", [&](Row row) -> Result<void> {
    std::string table;
    std::int64_t rowid = 0;
    std::string parent;
    row >> table >> rowid >> parent;
    return std::unexpected(
        damaged(db, fmt::format("row {} of {} belongs to a row of {} that is not there", rowid, table, parent)));
  });
}

}  // namespace gibsey::store::sqlite
