#include "store/testing/await.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <mutex>
#include <thread>

namespace gibsey::store::testing {

void run_all(std::vector<boost::asio::awaitable<void>> operations, int threads) {
  boost::asio::io_context io(threads);
  std::mutex mutex;
  std::exception_ptr thrown;
  for (auto& operation : operations) {
    boost::asio::co_spawn(io, std::move(operation), [&](std::exception_ptr exception) {
      const std::lock_guard lock(mutex);
      if (exception) thrown = exception;
    });
  }
  std::vector<std::thread> others;
  for (int i = 1; i < threads; ++i) others.emplace_back([&] { io.run(); });
  io.run();
  for (auto& thread : others) thread.join();
  if (thrown) std::rethrow_exception(thrown);
}

}  // namespace gibsey::store::testing
