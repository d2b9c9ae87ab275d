#include "net/timeout.hpp"

#include <gtest/gtest.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

namespace gibsey::net {
namespace {

using namespace std::chrono_literals;

/// Calls `step` once, `time` from now.
void after(boost::asio::io_context& context, std::chrono::milliseconds time, std::function<void()> step) {
  auto timer = std::make_shared<boost::asio::steady_timer>(context, time);
  timer->async_wait([timer, step](boost::system::error_code) { step(); });
}

TEST(Timeout, ExpiresOnceAndSaysSo) {
  boost::asio::io_context context;
  int expiries = 0;
  Timeout timeout(context.get_executor(), [&expiries] { ++expiries; });
  timeout.start(10ms);
  EXPECT_FALSE(timeout.expired());
  context.run();
  EXPECT_EQ(expiries, 1);
  EXPECT_TRUE(timeout.expired());
  timeout.start(1h);
  EXPECT_FALSE(timeout.expired());
}

TEST(Timeout, AStoppedOneDoesNotExpireAndALaterStartIsMeasuredAnew) {
  boost::asio::io_context context;
  int expiries = 0;
  Timeout timeout(context.get_executor(), [&expiries] { ++expiries; });
  timeout.start(20ms);
  after(context, 5ms, [&timeout] { timeout.stop(); });
  after(context, 60ms, [&] {
    EXPECT_EQ(expiries, 0);
    timeout.start(20ms);
    timeout.start(40ms);
  });
  after(context, 85ms, [&expiries] { EXPECT_EQ(expiries, 0); });
  context.run();
  EXPECT_EQ(expiries, 1);
}

TEST(Timeout, AShorterTimeReplacesALongerOne) {
  boost::asio::io_context context;
  int expiries = 0;
  Timeout timeout(context.get_executor(), [&expiries] { ++expiries; });
  timeout.start(1h);
  timeout.start(10ms);
  context.run();
  EXPECT_EQ(expiries, 1);
}

TEST(Timeout, NothingIsCalledAfterItsEnd) {
  boost::asio::io_context context;
  int expiries = 0;
  {
    Timeout timeout(context.get_executor(), [&expiries] { ++expiries; });
    timeout.start(1ms);
  }
  context.run();
  EXPECT_EQ(expiries, 0);
}

}  // namespace
}  // namespace gibsey::net
