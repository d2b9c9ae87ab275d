#pragma once
#include "base/result.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <future>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace gibsey::jobs::testing {

/// Runs all of them to their end on `threads` threads of one io_context; an exception from one is thrown here.
inline void run_all(std::vector<boost::asio::awaitable<void>> operations, int threads) {
  boost::asio::io_context context;
  std::vector<std::future<void>> ends;
  for (auto& operation : operations)
    ends.push_back(boost::asio::co_spawn(context, std::move(operation), boost::asio::use_future));
  std::vector<std::thread> others;
  for (int i = 1; i < threads; ++i) others.emplace_back([&context] { context.run(); });
  context.run();
  for (auto& thread : others) thread.join();
  for (auto& end : ends) end.get();
}

template <typename T>
T answer_of(boost::asio::awaitable<T> operation) {
  boost::asio::io_context context;
  auto answer = boost::asio::co_spawn(context, std::move(operation), boost::asio::use_future);
  context.run();
  return answer.get();
}

/// The value of an operation that must succeed.
template <typename T>
T value_of(boost::asio::awaitable<Result<T>> operation) {
  auto answer = answer_of(std::move(operation));
  if (!answer) throw std::runtime_error("refused: " + answer.error().message);
  if constexpr (!std::is_void_v<T>) return *std::move(answer);
}

/// The error of an operation that must not succeed.
template <typename T>
Error error_of(boost::asio::awaitable<Result<T>> operation) {
  auto answer = answer_of(std::move(operation));
  if (answer) throw std::runtime_error("succeeded, though it should have been refused");
  return std::move(answer).error();
}

}  // namespace gibsey::jobs::testing
