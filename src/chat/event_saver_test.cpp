#include "chat/event_saver.hpp"

#include "base/deadline.hpp"
#include "base/testing/soon.hpp"
#include "store/memory/turn_store.hpp"

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace gibsey::chat {
namespace {

namespace asio = boost::asio;
using Clock = Deadline::Clock;

/// A store on a slow or a broken disk.
class SlowStore final : public store::MemoryTurnStore {
 public:
  explicit SlowStore(asio::any_io_executor executor) : executor_(std::move(executor)) {}

  store::Async<void> append_events(std::string turn_id, std::int64_t first_seq, std::vector<model::TurnEvent> events) override {
    ++calls;
    most_at_once = std::max(most_at_once.load(), ++under_way);
    asio::steady_timer timer(executor_, turn_id == slow_turn ? std::chrono::milliseconds(1500) : takes);
    co_await timer.async_wait(asio::use_awaitable);
    --under_way;
    if (throwing || failing) ++failures;
    if (throwing) throw std::runtime_error("a bug");
    if (failing) co_return fail(ErrorCode::unavailable, "the disk is full");
    co_return co_await MemoryTurnStore::append_events(std::move(turn_id), first_seq, std::move(events));
  }

  std::chrono::milliseconds takes{0};
  std::string slow_turn;
  std::atomic<bool> failing = false;
  std::atomic<bool> throwing = false;
  std::atomic<int> calls = 0;
  std::atomic<int> failures = 0;
  std::atomic<int> under_way = 0;
  std::atomic<int> most_at_once = 0;

 private:
  asio::any_io_executor executor_;
};

class EventSaverTest : public ::testing::Test {
 protected:
  asio::thread_pool pool{2};
  SlowStore turns{pool.get_executor()};
  std::shared_ptr<EventSaver> saver = std::make_shared<EventSaver>(pool.get_executor());

  ~EventSaverTest() override { pool.join(); }

  template <typename T>
  T wait(asio::awaitable<T> work) {
    return asio::co_spawn(pool, std::move(work), asio::use_future).get();
  }

  std::shared_ptr<TurnLog> begin(const std::string& id) {
    EXPECT_TRUE(wait(turns.begin({.id = id, .conversation_id = "c-" + id, .user_id = "u"})).has_value());
    return std::make_shared<TurnLog>(id);
  }

  void say(const std::shared_ptr<TurnLog>& log, const std::string& text) {
    log->append(model::TokenText{text});
    saver->owe(log, turns);
  }

  std::string stored(const std::string& id) { return wait(turns.find(id)).value().value().reply; }

  /// Whether the store has this of the reply within ten seconds.
  bool is_stored_soon(const std::string& id, const std::string& text) {
    return gibsey::testing::soon([&] { return stored(id) == text; });
  }
};

TEST_F(EventSaverTest, ARunningReplyIsStoredByAndBy) {
  const auto log = begin("t");
  say(log, "The lamp ");
  say(log, "was out.");
  EXPECT_TRUE(is_stored_soon("t", "The lamp was out."));
  EXPECT_EQ(turns.calls, 1) << "what comes together is stored together";
  say(log, " So I went.");
  EXPECT_TRUE(is_stored_soon("t", "The lamp was out. So I went."));
  wait(saver->finish(log, turns));
  EXPECT_EQ(turns.calls, 2) << "nothing was left";
}

TEST_F(EventSaverTest, RepliesAreStoredSideBySide) {
  turns.takes = std::chrono::milliseconds(20);
  std::vector<std::shared_ptr<TurnLog>> logs;
  for (int i = 0; i < 100; ++i) logs.push_back(begin("t" + std::to_string(i)));
  for (int word = 0; word < 10; ++word) {
    for (const auto& log : logs) say(log, "word ");
  }
  for (int i = 0; i < 100; ++i) {
    wait(saver->finish(logs[static_cast<std::size_t>(i)], turns));
    EXPECT_EQ(stored("t" + std::to_string(i)), "word word word word word word word word word word ");
  }
}

TEST_F(EventSaverTest, TheEndWaitsForWhatIsBeingStored) {
  turns.takes = std::chrono::milliseconds(300);
  const auto log = begin("t");
  say(log, "The lamp ");
  ASSERT_TRUE(gibsey::testing::soon([this] { return turns.under_way == 1; })) << "its first words are on their way";
  say(log, "was out.");
  wait(saver->finish(log, turns));
  EXPECT_EQ(stored("t"), "The lamp was out.");
  EXPECT_EQ(turns.calls, 2);
  EXPECT_EQ(turns.most_at_once, 1) << "two at once would come in the wrong order";
  EXPECT_EQ(wait(turns.events("t", 0, 100)).value().size(), 2U) << "and nothing twice";
}

TEST_F(EventSaverTest, WhatCouldNotBeStoredIsStoredLater) {
  const auto log = begin("t");
  turns.failing = true;
  say(log, "The lamp ");
  ASSERT_TRUE(gibsey::testing::soon([this] { return turns.failures == 1; }));
  EXPECT_EQ(stored("t"), "");
  turns.failing = false;
  say(log, "was out.");
  EXPECT_TRUE(is_stored_soon("t", "The lamp was out."));
  wait(saver->finish(log, turns));
}

TEST_F(EventSaverTest, AReplyThatIsSlowToStoreHoldsUpNoOther) {
  turns.slow_turn = "slow";
  const auto slow = begin("slow");
  const auto other = begin("t");
  say(slow, "The lamp ");
  ASSERT_TRUE(gibsey::testing::soon([this] { return turns.under_way == 1; }));
  say(slow, "was out.");
  say(other, "Yes.");
  EXPECT_TRUE(is_stored_soon("t", "Yes."));
  EXPECT_EQ(stored("slow"), "") << "it is still under way";
  EXPECT_TRUE(is_stored_soon("slow", "The lamp was out.")) << "what came while it was being stored is not forgotten";
  wait(saver->finish(slow, turns));
  wait(saver->finish(other, turns));
}

TEST_F(EventSaverTest, ABugInTheStoreKeepsNoTurnFromItsEnd) {
  const auto log = begin("t");
  turns.throwing = true;
  say(log, "The lamp ");
  ASSERT_TRUE(gibsey::testing::soon([this] { return turns.failures == 1; }));
  wait(saver->finish(log, turns));
  turns.throwing = false;
  const auto next = begin("next");
  say(next, "Yes.");
  EXPECT_TRUE(is_stored_soon("next", "Yes.")) << "nor others from being stored";
  wait(saver->finish(next, turns));
}

TEST_F(EventSaverTest, AReplyThatIsOverAtOnceIsNotWaitedFor) {
  const auto began = Clock::now();
  for (int i = 0; i < 20; ++i) {
    const auto log = begin("t" + std::to_string(i));
    say(log, "Yes.");
    wait(saver->finish(log, turns));
    EXPECT_EQ(stored("t" + std::to_string(i)), "Yes.");
  }
  EXPECT_EQ(turns.calls, 20);
  EXPECT_LT(Clock::now() - began, std::chrono::seconds(4)) << "kSaveEvery for each would be five";
}

}  // namespace
}  // namespace gibsey::chat
