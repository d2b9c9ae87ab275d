#include "store/sqlite/statement.hpp"

#include "store/sqlite/connection.hpp"

#include <sqlite3.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <utility>

namespace gibsey::store::sqlite {

// Vectors are stored as they lie in memory; a big-endian machine would have to swap here and in bind_one.
static_assert(std::endian::native == std::endian::little && sizeof(float) == 4);

std::string_view Row::next_bytes() {
  // The pointer must be asked for before the size: SQLite may convert the value for it.
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(handle_, column_));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle_, column_));
  ++column_;
  return bytes == nullptr ? std::string_view() : std::string_view(bytes, size);
}

Row& Row::operator>>(std::string& value) {
  value = next_bytes();
  return *this;
}

Row& Row::operator>>(std::optional<std::string>& value) {
  const bool null = sqlite3_column_type(handle_, column_) == SQLITE_NULL;
  const auto bytes = next_bytes();
  value = null ? std::nullopt : std::optional<std::string>(bytes);
  return *this;
}

Row& Row::operator>>(std::int64_t& value) {
  value = sqlite3_column_int64(handle_, column_++);
  return *this;
}

Row& Row::operator>>(std::int32_t& value) {
  value = sqlite3_column_int(handle_, column_++);
  return *this;
}

Row& Row::operator>>(bool& value) {
  value = sqlite3_column_int(handle_, column_++) != 0;
  return *this;
}

Row& Row::operator>>(double& value) {
  value = sqlite3_column_double(handle_, column_++);
  return *this;
}

Row& Row::operator>>(std::vector<float>& value) {
  const auto bytes = next_bytes();
  value.resize(bytes.size() / sizeof(float));
  if (!value.empty()) std::memcpy(value.data(), bytes.data(), value.size() * sizeof(float));
  return *this;
}

Statement::Statement(Statement&& other) noexcept
    : connection_(other.connection_), handle_(std::exchange(other.handle_, nullptr)) {}

Statement::~Statement() {
  if (handle_ != nullptr) connection_->give_back(handle_);
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(handle_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return std::unexpected(error(code));
}

int Statement::bind_one(int index, std::string_view text) {
  // A null pointer would bind NULL.
  const char* bytes = text.data() == nullptr ? "" : text.data();
  return sqlite3_bind_text64(handle_, index, bytes, text.size(), SQLITE_STATIC, SQLITE_UTF8);
}

int Statement::bind_one(int index, const std::optional<std::string>& text) {
  return text ? bind_one(index, std::string_view(*text)) : sqlite3_bind_null(handle_, index);
}

int Statement::bind_one(int index, std::int64_t number) {
  return sqlite3_bind_int64(handle_, index, number);
}

// SQLite takes NaN for NULL, which the columns refuse.
int Statement::bind_one(int index, double number) {
  return sqlite3_bind_double(handle_, index, std::isnan(number) ? 0.0 : number);
}

int Statement::bind_one(int index, const std::vector<float>& values) {
  return sqlite3_bind_blob64(handle_, index, values.data(), values.size() * sizeof(float), SQLITE_STATIC);
}

Error Statement::error(int code) const {
  return connection_->error(code);
}

}  // namespace gibsey::store::sqlite
