#pragma once
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <thread>
#include <utility>
#include <vector>

namespace gibsey::net::testing {

/// An io_context that two threads run, so that nothing can rely on there being one. Its end waits until nothing is left to do.
class IoThreads {
 public:
  IoThreads() {
    for (int i = 0; i < 2; ++i) threads_.emplace_back([this] { context_.run(); });
  }
  ~IoThreads() {
    guard_.reset();
    for (auto& thread : threads_) thread.join();
  }
  IoThreads(const IoThreads&) = delete;
  IoThreads& operator=(const IoThreads&) = delete;

  [[nodiscard]] boost::asio::any_io_executor executor() { return context_.get_executor(); }

  /// What the operation answers.
  template <typename T>
  T run(boost::asio::awaitable<T> operation) {
    return start(std::move(operation)).get();
  }
  template <typename T>
  std::future<T> start(boost::asio::awaitable<T> operation) {
    return boost::asio::co_spawn(context_, std::move(operation), boost::asio::use_future);
  }

 private:
  boost::asio::io_context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_{context_.get_executor()};
  std::vector<std::thread> threads_;
};

}  // namespace gibsey::net::testing
