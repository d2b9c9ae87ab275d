#include "net/circuit_breaker.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace gibsey::net {
namespace {

using namespace std::chrono_literals;
using State = CircuitBreaker::State;

class CircuitBreakerTest : public ::testing::Test {
 protected:
  void fail(int times) {
    for (int i = 0; i < times; ++i) breaker_.enter()->failed();
  }

  CircuitBreaker::Clock::time_point now_ = CircuitBreaker::Clock::now();
  CircuitBreaker breaker_{{.failures = 3, .open_for = 10s, .now = [this] { return now_; }}};
};

TEST_F(CircuitBreakerTest, OpensAfterSoManyFailuresInARow) {
  fail(2);
  EXPECT_EQ(breaker_.state(), State::closed);
  EXPECT_FALSE(breaker_.closed_off());
  fail(1);
  EXPECT_EQ(breaker_.state(), State::open);
  EXPECT_FALSE(breaker_.enter());
  EXPECT_EQ(breaker_.closed_off(), 10s);
}

TEST_F(CircuitBreakerTest, ASuccessBeginsTheCountAnew) {
  fail(2);
  breaker_.enter()->succeeded();
  fail(2);
  EXPECT_EQ(breaker_.state(), State::closed);
  fail(1);
  EXPECT_EQ(breaker_.state(), State::open);
}

TEST_F(CircuitBreakerTest, LetsOneProbeThroughAfterItsTime) {
  fail(3);
  now_ += 9'999ms;
  EXPECT_FALSE(breaker_.enter());
  now_ += 1ms;
  EXPECT_FALSE(breaker_.closed_off());
  auto probe = breaker_.enter();
  ASSERT_TRUE(probe);
  EXPECT_EQ(breaker_.state(), State::half_open);
  EXPECT_FALSE(breaker_.enter()) << "one is enough";
  EXPECT_EQ(breaker_.closed_off(), 0s);
  probe->succeeded();
  EXPECT_EQ(breaker_.state(), State::closed);
  fail(2);
  EXPECT_EQ(breaker_.state(), State::closed) << "the failures of before are forgotten";
}

TEST_F(CircuitBreakerTest, AFailedProbeOpensItAgainForTheWholeTime) {
  fail(3);
  now_ += 10s;
  breaker_.enter()->failed();
  EXPECT_EQ(breaker_.state(), State::open);
  EXPECT_EQ(breaker_.closed_off(), 10s);
  now_ += 10s;
  breaker_.enter()->succeeded();
  EXPECT_EQ(breaker_.state(), State::closed);
}

TEST_F(CircuitBreakerTest, AProbeThatWasGivenUpMakesRoomForAnother) {
  fail(3);
  now_ += 10s;
  {
    const auto given_up = breaker_.enter();
  }
  EXPECT_EQ(breaker_.state(), State::half_open);
  auto next = breaker_.enter();
  ASSERT_TRUE(next);
  next->succeeded();
  EXPECT_EQ(breaker_.state(), State::closed);
}

TEST_F(CircuitBreakerTest, AnOutcomeOfAnEarlierTimeIsIgnored) {
  auto early_success = breaker_.enter();
  auto early_failure = breaker_.enter();
  fail(3);
  early_success->succeeded();
  EXPECT_EQ(breaker_.state(), State::open) << "it began before the failures";
  now_ += 10s;
  auto probe = breaker_.enter();
  early_failure->failed();
  EXPECT_EQ(breaker_.state(), State::half_open) << "the probe decides";
  probe->succeeded();
  EXPECT_EQ(breaker_.state(), State::closed);
}

TEST_F(CircuitBreakerTest, AMovedPermitCountsOnce) {
  fail(1);
  {
    auto permit = breaker_.enter();
    auto taken = std::move(*permit);
    taken.failed();
    taken.failed();
  }
  EXPECT_EQ(breaker_.state(), State::closed);
  fail(1);
  EXPECT_EQ(breaker_.state(), State::open);
}

TEST_F(CircuitBreakerTest, OfManyThreadsOneProbes) {
  fail(3);
  now_ += 10s;
  std::atomic<int> entered = 0;
  std::atomic<bool> all_asked = false;
  std::vector<std::thread> threads;
  std::atomic<int> asked = 0;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      const auto permit = breaker_.enter();
      if (permit) ++entered;
      ++asked;
      while (!all_asked) std::this_thread::yield();
    });
  }
  while (asked < 8) std::this_thread::yield();
  all_asked = true;
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(entered, 1);
}

}  // namespace
}  // namespace gibsey::net
