#include "store/sqlite/connection.hpp"

#include "store/sqlite/sqlite_error.hpp"

#include <sqlite3.h>

namespace gibsey::store::sqlite {

Result<std::unique_ptr<Connection>> Connection::open(const std::string& path, Access access) {
  sqlite3* handle = nullptr;
  const int mode = access == Access::read_write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
  const int code = sqlite3_open_v2(path.c_str(), &handle, mode | SQLITE_OPEN_NOMUTEX, nullptr);
  std::unique_ptr<Connection> connection(new Connection(handle, path));  // closes the handle, which a failed open gives too
  if (code != SQLITE_OK) return std::unexpected(to_error(code, nullptr, path));
  GIBSEY_CHECK(connection->configure(access));
  return connection;
}

Connection::~Connection() {
  for (const auto& [sql, statement] : idle_) sqlite3_finalize(statement);
  sqlite3_close(handle_);
}

Result<void> Connection::configure(Access access) {
  sqlite3_extended_result_codes(handle_, 1);
  sqlite3_busy_timeout(handle_, 5000);  // another program (a command, a backup) may hold the file for a moment
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  GIBSEY_CHECK(run_script("PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY;"));
  if (access == Access::read_only) return {};
  GIBSEY_TRY(auto mode, value<std::string>("PRAGMA journal_mode = WAL"));
  if (mode != "wal") {
    return fail(ErrorCode::unavailable,
                path_ + " lies on a file system without shared memory; use a data folder on a local disk");
  }
  // FULL syncs the log at every commit, which is what makes "durable when it returns" true through a power loss; group
  // commit pays for it. The log is folded back into the file every 4,000 pages (16 MiB) and cut to 64 MiB after a long
  // burst.
  return run_script("PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864;");
}

Result<Statement> Connection::prepare(std::string_view sql) {
  if (const auto found = idle_.find(sql); found != idle_.end()) {
    sqlite3_stmt* statement = found->second;
    idle_.erase(found);
    return Statement(*this, statement);
  }
  sqlite3_stmt* statement = nullptr;
  const int code =
      sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return std::unexpected(error(code));
  return Statement(*this, statement);
}

void Connection::give_back(sqlite3_stmt* statement) {
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  // Two of the same text exist when a statement was used inside its own loop: one is enough.
  if (!idle_.try_emplace(sqlite3_sql(statement), statement).second) sqlite3_finalize(statement);
}

Result<void> Connection::run_script(const char* sql) {
  const int code = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return std::unexpected(error(code));
  return {};
}

std::int64_t Connection::changes() const {
  return sqlite3_changes64(handle_);
}

bool Connection::in_transaction() const {
  return sqlite3_get_autocommit(handle_) == 0;
}

Error Connection::error(int code) const {
  return to_error(code, handle_, path_);
}

}  // namespace gibsey::store::sqlite
