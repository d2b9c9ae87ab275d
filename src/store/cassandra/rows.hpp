#pragma once
#include "store/cassandra/driver/driver.h"
#include "store/cassandra/value.hpp"

#include <memory>
#include <optional>

namespace gibsey::store::cassandra {

struct FreeReply {
  void operator()(gibsey_cql_reply* reply) const { gibsey_cql_free_reply(reply); }
};
using Reply = std::unique_ptr<gibsey_cql_reply, FreeReply>;

/// Reads the columns of a row, from the first to the last: `row >> id >> title`. A null, and a column of another type, is the
/// empty value; std::optional tells them apart. Lives no longer than its Rows.
class Row {
 public:
  Row(const gibsey_cql_reply* reply, std::size_t row) : reply_(reply), row_(row) {}

  Row& operator>>(std::string& text);
  Row& operator>>(std::int64_t& number);
  Row& operator>>(int& number);
  Row& operator>>(double& number);
  Row& operator>>(bool& flag);
  Row& operator>>(Blob& blob);
  Row& operator>>(std::vector<float>& vector);
  template <typename T>
  Row& operator>>(std::optional<T>& value) {
    value.reset();
    if (is_null()) {
      ++column_;
    } else {
      *this >> value.emplace();
    }
    return *this;
  }

 private:
  [[nodiscard]] bool is_null() const;
  /// Goes on to the next column; null unless this one is of `kind`.
  gibsey_cql_value take(int kind);

  const gibsey_cql_reply* reply_;
  std::size_t row_;
  std::size_t column_ = 0;
};

/// The rows that a statement gave.
class Rows {
 public:
  Rows() = default;
  explicit Rows(Reply reply) : reply_(std::move(reply)) {}

  [[nodiscard]] std::size_t size() const { return reply_ ? gibsey_cql_rows(reply_.get()) : 0; }
  [[nodiscard]] bool empty() const { return size() == 0; }
  [[nodiscard]] Row operator[](std::size_t row) const { return {reply_.get(), row}; }
  /// Where the next page begins; "" after the last.
  [[nodiscard]] std::string page_state() const;

 private:
  Reply reply_;
};

}  // namespace gibsey::store::cassandra
