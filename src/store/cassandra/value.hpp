#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace gibsey::store::cassandra {

/// Bytes; a text is UTF-8.
struct Blob {
  std::string bytes;
};

/// A value to be bound; an integer takes the width of its column.
using Value =
    std::variant<std::monostate, std::string, std::int64_t, double, bool, Blob, std::vector<std::string>, std::vector<float>>;

[[nodiscard]] inline Value null() {
  return {};
}

/// A CQL statement with its values, one a question mark. Unqualified names are of the session's keyspace.
struct Statement {
  std::string text;
  std::vector<Value> values;
};

template <typename T>
Value to_value(T&& value) {
  using Plain = std::remove_cvref_t<T>;
  if constexpr (std::is_same_v<Plain, Value>) {
    return std::forward<T>(value);
  } else if constexpr (std::is_same_v<Plain, bool>) {
    return value;
  } else if constexpr (std::is_integral_v<Plain>) {
    return static_cast<std::int64_t>(value);
  } else if constexpr (std::is_floating_point_v<Plain>) {
    return static_cast<double>(value);
  } else if constexpr (std::is_convertible_v<T, std::string>) {
    return std::string(std::forward<T>(value));
  } else {
    return Value(std::forward<T>(value));
  }
}

/// cql("SELECT ... WHERE id = ?", id).
template <typename... Values>
[[nodiscard]] Statement cql(std::string text, Values&&... values) {
  Statement statement{.text = std::move(text), .values = {}};
  statement.values.reserve(sizeof...(values));
  (statement.values.push_back(to_value(std::forward<Values>(values))), ...);
  return statement;
}

/// Lists for `IN ?`: as many as are asked for at once.
[[nodiscard]] inline std::vector<std::vector<std::string>> in_slices(const std::vector<std::string>& ids) {
  constexpr std::size_t kMost = 64;
  std::vector<std::vector<std::string>> slices;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (i % kMost == 0) slices.emplace_back();
    slices.back().push_back(ids[i]);
  }
  return slices;
}

}  // namespace gibsey::store::cassandra
