#pragma once
#include "store/store_fwd.hpp"

#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

namespace gibsey::store::testing {

/// Runs all of them to their end on `threads` threads of one io_context; an exception from one is thrown here.
void run_all(std::vector<boost::asio::awaitable<void>> operations, int threads);

template <typename T>
boost::asio::awaitable<void> keep_answer(Async<T> operation, std::optional<Result<T>>& answer) {
  answer = co_await std::move(operation);
}

/// What the operation answers.
template <typename T>
Result<T> answer_of(Async<T> operation) {
  std::optional<Result<T>> answer;
  std::vector<boost::asio::awaitable<void>> operations;
  operations.push_back(keep_answer(std::move(operation), answer));
  run_all(std::move(operations), 1);
  return *std::move(answer);
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

}  // namespace gibsey::store::testing
