#pragma once
#include "store/sqlite/statement.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct sqlite3;

namespace gibsey::store::sqlite {

enum class Access { read_write, read_only };

/// An open SQLite file (WAL, every commit synced) with its prepared statements. Used by one thread at a time. All calls
/// block. Errors everywhere: as sqlite_error.hpp.
class Connection {
 public:
  /// With read_write the file is made if it is not there.
  static Result<std::unique_ptr<Connection>> open(const std::string& path, Access access);

  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  /// Runs one statement to its end.
  template <typename... Values>
  Result<void> run(std::string_view sql, const Values&... values) {
    return each(sql, [](Row) { return Result<void>(); }, values...);
  }

  /// Calls `on_row(Row) -> Result<void>` for each row; stops at the first error.
  template <typename OnRow, typename... Values>
  Result<void> each(std::string_view sql, OnRow&& on_row, const Values&... values) {
    GIBSEY_TRY(auto statement, prepare(sql));
    GIBSEY_CHECK(statement.bind(values...));
    while (true) {
      GIBSEY_TRY(const bool stands_on_row, statement.step());
      if (!stands_on_row) return {};
      GIBSEY_CHECK(on_row(statement.row()));
    }
  }

  /// All rows, each made into a T by `read(Row)`, which answers a T or a Result<T>.
  template <typename T, typename Read, typename... Values>
  Result<std::vector<T>> list(std::string_view sql, Read&& read, const Values&... values) {
    std::vector<T> found;
    GIBSEY_CHECK(each(
        sql,
        [&](Row row) -> Result<void> {
          Result<T> one = read(row);
          if (!one) return std::unexpected(std::move(one).error());
          found.push_back(*std::move(one));
          return {};
        },
        values...));
    return found;
  }

  /// The last row, if there is one; further as `list`.
  template <typename T, typename Read, typename... Values>
  Result<std::optional<T>> find(std::string_view sql, Read&& read, const Values&... values) {
    GIBSEY_TRY(auto found, list<T>(sql, read, values...));
    return found.empty() ? std::optional<T>() : std::optional<T>(std::move(found.back()));
  }

  /// The first column of the last row, if there is one.
  template <typename T, typename... Values>
  Result<std::optional<T>> find_value(std::string_view sql, const Values&... values) {
    return find<T>(
        sql,
        [](Row row) {
          T value{};
          row >> value;
          return value;
        },
        values...);
  }

  /// As find_value for statements that always give a row (count, RETURNING).
  template <typename T, typename... Values>
  Result<T> value(std::string_view sql, const Values&... values) {
    GIBSEY_TRY(auto found, find_value<T>(sql, values...));
    if (!found) return fail(ErrorCode::internal, "a statement that must give a row gave none: " + std::string(sql));
    return *std::move(found);
  }

  /// Runs statements without parameters, separated by semicolons.
  Result<void> run_script(const char* sql);

  /// Rows that the last INSERT, UPDATE or DELETE touched.
  [[nodiscard]] std::int64_t changes() const;
  /// False after SQLite has rolled a transaction back by itself (disk full, I/O error).
  [[nodiscard]] bool in_transaction() const;
  [[nodiscard]] const std::string& path() const { return path_; }
  /// For what SQLite offers as a C call only; stays the connection's.
  [[nodiscard]] sqlite3* handle() const { return handle_; }
  [[nodiscard]] Error error(int code) const;

 private:
  friend class Statement;

  Connection(sqlite3* handle, std::string path) : handle_(handle), path_(std::move(path)) {}
  Result<void> configure(Access access);
  Result<Statement> prepare(std::string_view sql);
  void give_back(sqlite3_stmt* statement);

  sqlite3* handle_;
  std::string path_;
  /// Those not in use, by their text. SQL texts are constants of the program, so their number is bounded.
  std::map<std::string, sqlite3_stmt*, std::less<>> idle_;
};

}  // namespace gibsey::store::sqlite
