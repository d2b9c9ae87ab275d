#include "net/outgoing_queue.hpp"

#include <gtest/gtest.h>

namespace gibsey::net {
namespace {

using Push = OutgoingQueue::Push;

TEST(OutgoingQueue, KeepsTheOrderAndTellsWhoStartsTheWriter) {
  OutgoingQueue queue(100, 10);
  EXPECT_EQ(queue.push("a"), Push::first);
  EXPECT_EQ(queue.push("bb"), Push::queued);
  EXPECT_TRUE(queue.writing());
  EXPECT_EQ(queue.next(), "a");
  EXPECT_EQ(queue.push("c"), Push::queued);
  EXPECT_EQ(queue.next(), "bb");
  EXPECT_EQ(queue.next(), "c");
  EXPECT_TRUE(queue.writing());
  EXPECT_EQ(queue.next(), std::nullopt);
  EXPECT_FALSE(queue.writing());
  EXPECT_EQ(queue.push("d"), Push::first);
}

TEST(OutgoingQueue, CountsTheMessageBeingWrittenToItsBound) {
  OutgoingQueue queue(10, 10);
  EXPECT_EQ(queue.push("123456"), Push::first);
  EXPECT_EQ(queue.next(), "123456");
  EXPECT_EQ(queue.bytes(), 6U);
  EXPECT_EQ(queue.push("7890"), Push::queued);
  EXPECT_EQ(queue.bytes(), 10U);
  EXPECT_EQ(queue.push("x"), Push::full);
  EXPECT_EQ(queue.bytes(), 6U);
  EXPECT_EQ(queue.push("x"), Push::closed);
  EXPECT_EQ(queue.next(), std::nullopt);
  EXPECT_EQ(queue.bytes(), 0U);
}

TEST(OutgoingQueue, IsBoundInMessagesTooAndAMessageOverTheWholeBoundCostsNothing) {
  OutgoingQueue queue(10, 2);
  EXPECT_EQ(queue.push("12345678901"), Push::too_large);
  EXPECT_EQ(queue.push(""), Push::first);
  EXPECT_EQ(queue.push(""), Push::queued);
  EXPECT_EQ(queue.push(""), Push::full);
}

TEST(OutgoingQueue, CloseLetsWhatWaitsGoOutAndCutDropsIt) {
  OutgoingQueue closed(10, 10);
  closed.push("a");
  closed.push("b");
  closed.close();
  EXPECT_EQ(closed.push("c"), Push::closed);
  EXPECT_EQ(closed.next(), "a");
  EXPECT_EQ(closed.next(), "b");
  EXPECT_EQ(closed.next(), std::nullopt);

  OutgoingQueue cut(10, 10);
  cut.push("a");
  cut.push("b");
  EXPECT_EQ(cut.next(), "a");
  cut.cut();
  EXPECT_EQ(cut.bytes(), 1U);
  EXPECT_EQ(cut.next(), std::nullopt);
  EXPECT_EQ(cut.bytes(), 0U);
}

}  // namespace
}  // namespace gibsey::net
