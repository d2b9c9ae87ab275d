#pragma once
#include "base/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct sqlite3_stmt;

namespace gibsey::store::sqlite {

class Connection;

/// The row that a statement stands on, read from left to right: `row >> page.world >> page.id`. The caller's types must
/// be those of the table (all tables are STRICT). Valid until the statement steps on.
class Row {
 public:
  explicit Row(sqlite3_stmt* handle) : handle_(handle) {}

  Row& operator>>(std::string& value);
  Row& operator>>(std::optional<std::string>& value);
  Row& operator>>(std::int64_t& value);
  Row& operator>>(std::int32_t& value);
  Row& operator>>(bool& value);  ///< from an integer, 0 is false
  Row& operator>>(double& value);
  Row& operator>>(std::vector<float>& value);  ///< from a blob of little-endian float32

 private:
  std::string_view next_bytes();

  sqlite3_stmt* handle_;
  int column_ = 0;
};

/// A prepared statement on loan from its connection's cache; resets itself and goes back when it is destroyed. Bound text
/// is not copied: it must live until the last step.
class Statement {
 public:
  Statement(Connection& connection, sqlite3_stmt* handle) : connection_(&connection), handle_(handle) {}
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  /// Binds the parameters from the first on. Error: as sqlite_error.hpp.
  template <typename... Values>
  Result<void> bind(const Values&... values) {
    int index = 0;
    int code = 0;
    ((code = code == 0 ? bind_one(++index, values) : code), ...);
    return code == 0 ? Result<void>() : std::unexpected(error(code));
  }
  /// True when it now stands on a row, false at the end.
  Result<bool> step();
  [[nodiscard]] Row row() const { return Row(handle_); }

 private:
  int bind_one(int index, std::string_view text);
  int bind_one(int index, const std::string& text) { return bind_one(index, std::string_view(text)); }
  int bind_one(int index, const char* text) { return bind_one(index, std::string_view(text)); }
  int bind_one(int index, const std::optional<std::string>& text);
  int bind_one(int index, std::int64_t number);
  int bind_one(int index, int number) { return bind_one(index, std::int64_t{number}); }  // bool too
  int bind_one(int index, double number);                                                // 0 for what is no number
  int bind_one(int index, const std::vector<float>& values);
  [[nodiscard]] Error error(int code) const;

  Connection* connection_;
  sqlite3_stmt* handle_;
};

}  // namespace gibsey::store::sqlite
