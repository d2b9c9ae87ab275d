#pragma once
#include "base/result.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace gibsey::store::sqlite {

class Connection;

/// A piece of work on a connection, and its answer. Owned by the coroutine that waits for it.
class Job {
 public:
  virtual ~Job() = default;
  /// Does the work; an error is also the job's answer, and means that what it wrote is to be undone.
  virtual Result<void> run(Connection& connection) noexcept = 0;
  /// Replaces the answer.
  virtual void refuse(Error error) noexcept = 0;
};

/// Job for a function `Connection& -> Result<T>`.
template <typename Work>
class JobOf final : public Job {
 public:
  using Answer = std::invoke_result_t<Work&, Connection&>;

  explicit JobOf(Work work) : work_(std::move(work)) {}

  Result<void> run(Connection& connection) noexcept override {
    try {
      answer_ = work_(connection);
    } catch (const std::exception& exception) {  // a bug: told to its caller, and the other writes go on
      answer_ = fail(ErrorCode::internal, std::string("a store operation failed: ") + exception.what());
    }
    return answer_ ? Result<void>() : std::unexpected(answer_.error());
  }
  void refuse(Error error) noexcept override { answer_ = std::unexpected(std::move(error)); }
  Answer take_answer() { return std::move(answer_); }

 private:
  Work work_;
  Answer answer_ = fail(ErrorCode::internal, "a store operation was not run");
};

struct WaitingJob {
  Job* job = nullptr;
  std::move_only_function<void()> resume;  ///< lets the waiting coroutine go on, on its own executor
};

/// A bounded queue between coroutines and the threads that do their work. Thread-safe.
class JobQueue {
 public:
  JobQueue(std::string name, std::size_t bound) : name_(std::move(name)), bound_(bound) {}

  /// Waits, without blocking the thread, until a worker has done `job` and called its resume. A queue that is full or
  /// closed refuses the job at once: busy or unavailable.
  boost::asio::awaitable<void> run(Job& job);

  /// For workers: blocks until there is work, then takes up to `most` jobs in order; nothing once the queue is closed and
  /// empty.
  /// When something waits but less than `likely`, it is patient for so long before it takes what there is.
  std::vector<WaitingJob> take(std::size_t most, std::size_t likely = 1, std::chrono::nanoseconds patience = {});
  /// Refuses new jobs; those in the queue are still given out.
  void close();

 private:
  friend struct Enqueue;
  void push(WaitingJob waiting);

  const std::string name_;
  const std::size_t bound_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<WaitingJob> waiting_;
  std::size_t enough_ = 1;  ///< how many must wait for a worker to be woken
  bool closed_ = false;
};

}  // namespace gibsey::store::sqlite
