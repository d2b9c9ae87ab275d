#pragma once
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <thread>
#include <vector>

namespace gibsey::app {

/// The threads that turns, connections and commands run on. Everything that uses the executor must be gone before it.
class Runtime {
 public:
  /// `threads` 0: one a processor, at least two.
  explicit Runtime(unsigned threads = 0);
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  [[nodiscard]] boost::asio::io_context::executor_type executor() { return context_.get_executor(); }
  [[nodiscard]] boost::asio::io_context& context() { return context_; }

  /// Runs a coroutine to its end; for the main thread, never from a coroutine. Exceptions come through.
  template <typename T>
  T wait(boost::asio::awaitable<T> work) {
    return boost::asio::co_spawn(context_, std::move(work), boost::asio::use_future).get();
  }

  /// Ends the threads after what is running; called by the destructor too.
  void stop();

 private:
  boost::asio::io_context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::vector<std::thread> threads_;
};

}  // namespace gibsey::app
