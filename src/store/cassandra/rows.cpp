#include "store/cassandra/rows.hpp"

#include <limits>

namespace gibsey::store::cassandra {

gibsey_cql_value Row::take(int kind) {
  gibsey_cql_value value{};
  gibsey_cql_get(reply_, row_, column_++, &value);
  return value.kind == kind ? value : gibsey_cql_value{};
}

bool Row::is_null() const {
  gibsey_cql_value value{};
  gibsey_cql_get(reply_, row_, column_, &value);
  return value.kind == GIBSEY_CQL_NULL;
}

Row& Row::operator>>(std::string& text) {
  const auto value = take(GIBSEY_CQL_TEXT);
  text.assign(value.n == 0 ? "" : static_cast<const char*>(value.p), value.n);
  return *this;
}

Row& Row::operator>>(std::int64_t& number) {
  number = take(GIBSEY_CQL_INTEGER).i;
  return *this;
}

Row& Row::operator>>(int& number) {
  const auto wide = take(GIBSEY_CQL_INTEGER).i;
  const bool fits = wide >= std::numeric_limits<int>::min() && wide <= std::numeric_limits<int>::max();
  number = fits ? static_cast<int>(wide) : 0;
  return *this;
}

Row& Row::operator>>(double& number) {
  number = take(GIBSEY_CQL_DOUBLE).d;
  return *this;
}

Row& Row::operator>>(bool& flag) {
  flag = take(GIBSEY_CQL_BOOLEAN).i != 0;
  return *this;
}

Row& Row::operator>>(Blob& blob) {
  const auto value = take(GIBSEY_CQL_BLOB);
  blob.bytes.assign(value.n == 0 ? "" : static_cast<const char*>(value.p), value.n);
  return *this;
}

Row& Row::operator>>(std::vector<float>& vector) {
  const auto value = take(GIBSEY_CQL_FLOAT_VECTOR);
  const auto* first = static_cast<const float*>(value.p);
  vector.assign(first, first + value.n);
  return *this;
}

std::string Rows::page_state() const {
  std::size_t n = 0;
  const auto* bytes = gibsey_cql_page_state(reply_.get(), &n);
  return n == 0 ? std::string() : std::string(static_cast<const char*>(bytes), n);
}

}  // namespace gibsey::store::cassandra
