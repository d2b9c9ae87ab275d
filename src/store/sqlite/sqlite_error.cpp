#include "store/sqlite/sqlite_error.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

namespace gibsey::store::sqlite {

Error to_error(int code, sqlite3* connection, const std::string& path) {
  const std::string reason = connection != nullptr ? sqlite3_errmsg(connection) : sqlite3_errstr(code);
  if (code == SQLITE_CONSTRAINT_TRIGGER) {
    // The triggers guard what no other check can: their refusal means that the rows no longer fit together.
    return {ErrorCode::corrupt, fmt::format("{} refused a write: {}", path, reason)};
  }
  switch (code & 0xff) {  // the low byte is the primary code of an extended one
    case SQLITE_FULL:
      return {ErrorCode::unavailable, fmt::format("the disk that holds {} is full; free some space and try again", path)};
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return {ErrorCode::unavailable,
              fmt::format("{} cannot be written; give this user the right to write the file and its folder", path)};
    case SQLITE_CANTOPEN:
      return {ErrorCode::unavailable,
              fmt::format("{} cannot be opened; check that its folder exists and that this user may write there", path)};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {ErrorCode::corrupt,
              fmt::format("{} is damaged ({}); stop the server and put a backup in its place, or move the file away to "
                          "start with an empty one",
                          path, reason)};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {ErrorCode::unavailable, fmt::format("{} is locked by another program; close that program and try again", path)};
    case SQLITE_IOERR:
      return {ErrorCode::unavailable, fmt::format("reading or writing {} failed ({}); check the disk", path, reason)};
    case SQLITE_NOMEM: return {ErrorCode::unavailable, fmt::format("there is not enough memory to work on {}", path)};
    case SQLITE_TOOBIG: return {ErrorCode::too_large, fmt::format("a value is too large to be stored in {}", path)};
    case SQLITE_CONSTRAINT: return {ErrorCode::conflict, fmt::format("{} refused a write: {}", path, reason)};
    default: return {ErrorCode::internal, fmt::format("a statement on {} failed: {}", path, reason)};
  }
}

}  // namespace gibsey::store::sqlite
