#pragma once
#include <boost/pfr.hpp>

#include <cstddef>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

/// Compares the model's plain values field by field, without a list of their fields that could fall behind.
namespace gibsey::store::testing {

template <typename T>
bool same(const T& a, const T& b);
template <typename T>
bool same(const std::vector<T>& a, const std::vector<T>& b);
template <typename T>
bool same(const std::optional<T>& a, const std::optional<T>& b);
template <typename... T>
bool same(const std::variant<T...>& a, const std::variant<T...>& b);

template <typename T>
bool same(const T& a, const T& b) {
  if constexpr (std::is_aggregate_v<T>) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return (same(boost::pfr::get<I>(a), boost::pfr::get<I>(b)) && ...);
    }(std::make_index_sequence<boost::pfr::tuple_size_v<T>>());
  } else {
    return a == b;
  }
}

template <typename T>
bool same(const std::vector<T>& a, const std::vector<T>& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!same(a[i], b[i])) return false;
  }
  return true;
}

template <typename T>
bool same(const std::optional<T>& a, const std::optional<T>& b) {
  return a.has_value() == b.has_value() && (!a || same(*a, *b));
}

template <typename... T>
bool same(const std::variant<T...>& a, const std::variant<T...>& b) {
  return a.index() == b.index() &&
         std::visit([&](const auto& in_a) { return same(in_a, std::get<std::decay_t<decltype(in_a)>>(b)); }, a);
}

/// The fields of `sample`, counted from 0, that are as a default leaves them: a sample that is to show that every field is kept
/// has none. A field that is added to a type shows up here until the sample, and so the test, has it too.
template <typename T>
std::vector<std::size_t> unset_fields(const T& sample) {
  const T fresh{};
  std::vector<std::size_t> unset;
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    ((same(boost::pfr::get<I>(sample), boost::pfr::get<I>(fresh)) ? unset.push_back(I) : void()), ...);
  }(std::make_index_sequence<boost::pfr::tuple_size_v<T>>());
  return unset;
}

}  // namespace gibsey::store::testing
