#pragma once
#include "feed/feed.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <stdexcept>
#include <type_traits>
#include <utility>

namespace gibsey::feed::testing {

/// What the operation answers, on a thread of nobody else.
template <typename T>
Result<T> answer_of(Async<T> operation) {
  boost::asio::io_context io;
  auto answer = boost::asio::co_spawn(io, std::move(operation), boost::asio::use_future);
  io.run();
  return answer.get();
}

/// The value of an operation that must succeed.
template <typename T>
T value_of(Async<T> operation) {
  auto answer = answer_of(std::move(operation));
  if (!answer) throw std::runtime_error("refused: " + answer.error().message);
  if constexpr (!std::is_void_v<T>) return *std::move(answer);
}

/// The error of an operation that must not succeed.
template <typename T>
Error error_of(Async<T> operation) {
  auto answer = answer_of(std::move(operation));
  if (answer) throw std::runtime_error("succeeded, though it should have been refused");
  return std::move(answer).error();
}

}  // namespace gibsey::feed::testing
