#include "net/side_by_side.hpp"

#include <gtest/gtest.h>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>

#include <mutex>
#include <set>
#include <stdexcept>

namespace gibsey::net {
namespace {

namespace asio = boost::asio;

class SideBySide : public ::testing::Test {
 protected:
  asio::awaitable<void> rest(std::chrono::milliseconds time) {
    asio::steady_timer timer(co_await asio::this_coro::executor, time);
    co_await timer.async_wait(asio::use_awaitable);
  }
  asio::awaitable<void> step(std::size_t i) {
    const int now = ++running_;
    int most = most_;
    while (now > most && !most_.compare_exchange_weak(most, now)) {
    }
    co_await rest(std::chrono::milliseconds(5));
    {
      const std::scoped_lock lock(mutex_);
      seen_.insert(i);
    }
    --running_;
  }
  void run(std::size_t count, std::size_t width) {
    asio::co_spawn(threads_, side_by_side(count, width, [this](std::size_t i) { return step(i); }), asio::use_future).get();
  }

  asio::thread_pool threads_{3};
  std::atomic<int> running_ = 0;
  std::atomic<int> most_ = 0;
  std::mutex mutex_;
  std::multiset<std::size_t> seen_;
};

TEST_F(SideBySide, EachOnceAndNoMoreThanTheWidthAtATime) {
  run(50, 8);
  EXPECT_EQ(seen_.size(), 50U);
  for (std::size_t i = 0; i < 50; ++i) EXPECT_EQ(seen_.count(i), 1U);
  EXPECT_EQ(most_, 8);
  EXPECT_EQ(running_, 0);
}

TEST_F(SideBySide, ManyTimesOnSeveralThreads) {
  const auto busy = [](std::size_t) -> asio::awaitable<void> {
    for (int i = 0; i < 3; ++i) co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
  };
  for (int i = 0; i < 2000; ++i) asio::co_spawn(threads_, side_by_side(20, 8, busy), asio::use_future).get();
}

TEST_F(SideBySide, FewerThanTheWidthAndNone) {
  run(3, 8);
  EXPECT_EQ(most_, 3);
  run(0, 8);
  EXPECT_EQ(seen_.size(), 3U);
}

TEST_F(SideBySide, AnExceptionIsThrownWhenAllHaveEnded) {
  const auto failing = [this](std::size_t i) -> asio::awaitable<void> {
    if (i == 2) throw std::runtime_error("the third");
    return step(i);
  };
  auto done = asio::co_spawn(threads_, side_by_side(6, 3, failing), asio::use_future);
  EXPECT_THROW(done.get(), std::runtime_error);
  EXPECT_EQ(running_, 0);
}

}  // namespace
}  // namespace gibsey::net
