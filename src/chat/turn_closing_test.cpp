// The end of a turn whose store or ledger is away.
#include "base/testing/soon.hpp"
#include "chat/testing/turn_fixture.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace gibsey::chat {
namespace {

using namespace std::chrono_literals;

constexpr int kForGood = 1'000'000;

/// Away for so many calls; `obeys`: does what it is asked then, and the answer is lost.
struct Absence {
  std::atomic<int> calls = 0;
  std::atomic<bool> obeys = false;

  bool begins() { return calls.load() > 0 && calls-- > 0; }
};

std::unexpected<Error> away() {
  return fail(ErrorCode::unavailable, "the store is away");
}

class AwayTurns final : public store::MemoryTurnStore {
 public:
  store::Async<void> begin(model::Turn turn) override {
    if (!begins.begins()) co_return co_await MemoryTurnStore::begin(std::move(turn));
    if (begins.obeys) (void)co_await MemoryTurnStore::begin(std::move(turn));
    co_return away();
  }
  store::Async<void> append_events(std::string turn_id, std::int64_t first_seq, std::vector<model::TurnEvent> events) override {
    if (!appends.begins()) co_return co_await MemoryTurnStore::append_events(turn_id, first_seq, std::move(events));
    if (appends.obeys) (void)co_await MemoryTurnStore::append_events(turn_id, first_seq, std::move(events));
    co_return away();
  }
  store::Async<void> finish(model::Turn turn, std::int64_t first_seq, std::vector<model::TurnEvent> events) override {
    if (!finishes.begins()) co_return co_await MemoryTurnStore::finish(std::move(turn), first_seq, std::move(events));
    if (finishes.obeys) (void)co_await MemoryTurnStore::finish(std::move(turn), first_seq, std::move(events));
    co_return away();
  }

  store::Async<void> drop_claim(std::string turn_id) override {
    if (claims.begins()) co_return away();
    co_return co_await MemoryTurnStore::drop_claim(std::move(turn_id));
  }

  Absence begins;
  Absence appends;
  Absence finishes;
  Absence claims;
};

class AwayLedger final : public store::MemoryLedgerStore {
 public:
  store::Async<model::HoldOutcome> hold(std::string user_id, std::string turn_id, int amount, int opening_grant) override {
    if (!holds.begins()) co_return co_await MemoryLedgerStore::hold(user_id, turn_id, amount, opening_grant);
    if (holds.obeys) (void)co_await MemoryLedgerStore::hold(user_id, turn_id, amount, opening_grant);
    co_return away();
  }
  store::Async<std::vector<model::CreditHold>> open_holds() override {
    if (holds.begins()) co_return away();
    co_return co_await MemoryLedgerStore::open_holds();
  }
  store::Async<model::LedgerEntry> settle(std::string hold_id, int charged, std::string rule) override {
    if (!ends.begins()) co_return co_await MemoryLedgerStore::settle(hold_id, charged, rule);
    if (ends.obeys) (void)co_await MemoryLedgerStore::settle(hold_id, charged, rule);
    co_return away();
  }
  store::Async<model::LedgerEntry> release(std::string hold_id, std::string rule) override {
    if (!ends.begins()) co_return co_await MemoryLedgerStore::release(hold_id, rule);
    if (ends.obeys) (void)co_await MemoryLedgerStore::release(hold_id, rule);
    co_return away();
  }

  Absence holds;  ///< and open_holds()
  Absence ends;
};

class TurnClosing : public testing::TurnTest {
 protected:
  AwayTurns away_turns;
  AwayLedger away_ledger;

  void SetUp() override {
    TurnTest::SetUp();
    turn_store = &away_turns;
    ledger_store = &away_ledger;
  }

  /// A reply that takes long enough for a store to go away while it is written.
  void start(TurnSettings settings = {}) { start_service({says({"Because ", "of ", "the ", "lamp."}, 20)}, settings); }

  static std::string id_of(const std::vector<model::TurnEvent>& events) {
    return std::get<model::TurnStarted>(events.front()).turn_id;
  }
  model::Turn record_of(const std::vector<model::TurnEvent>& events) {
    return wait(away_turns.find(id_of(events))).value().value();
  }
  std::vector<model::NumberedEvent> stored_of(const std::vector<model::TurnEvent>& events) {
    return wait(away_turns.events(id_of(events), 0, 1000)).value();
  }
  std::int64_t credits() { return wait(away_ledger.balance("u")).value(); }
  bool has_open_holds() { return !wait(away_ledger.open_holds()).value().empty(); }

  void expect_whole_and_paid(const std::vector<model::TurnEvent>& events) {
    const auto record = record_of(events);
    EXPECT_EQ(record.status, model::TurnStatus::complete);
    ASSERT_TRUE(record.receipt.has_value());
    EXPECT_EQ(record.receipt->charged, 5);
    EXPECT_EQ(record.receipt->balance, 95);
    EXPECT_EQ(credits(), 95) << "once";
    EXPECT_FALSE(has_open_holds());
    const auto stored = stored_of(events);
    ASSERT_EQ(stored.size(), events.size()) << "nothing is stored twice, and nothing left out";
    std::string text;
    for (const auto& [seq, event] : stored) {
      if (const auto* token = std::get_if<model::TokenText>(&event)) text += token->text;
    }
    EXPECT_EQ(text, record.reply);
  }
};

TEST_F(TurnClosing, IsDoneWhenTheStoreIsBack) {
  start();
  away_turns.appends.calls = 2;
  away_turns.finishes.calls = 2;
  const auto events = events_of(ask("Why did Arieol climb the tower?"));
  EXPECT_TRUE(std::holds_alternative<model::TurnDone>(events.back()));
  EXPECT_EQ(only<model::LedgerSettled>(events).size(), 1U);
  EXPECT_EQ(away_turns.appends.calls + away_turns.finishes.calls, 0);
  expect_whole_and_paid(events);
}

TEST_F(TurnClosing, CountsWhatWasStoredThoughTheAnswerWasLost) {
  away_turns.appends.obeys = away_turns.finishes.obeys = true;
  for (const auto& [appends, finishes] : {std::pair(1, 0), std::pair(0, 1), std::pair(2, 2)}) {
    SCOPED_TRACE(::testing::Message() << appends << " appends, " << finishes << " finishes lost");
    start();
    away_turns.appends.calls = appends;
    away_turns.finishes.calls = finishes;
    const auto events = events_of(ask("Why did Arieol climb the tower?"));
    EXPECT_TRUE(std::holds_alternative<model::TurnDone>(events.back()));
    EXPECT_EQ(away_turns.appends.calls + away_turns.finishes.calls, 0);
    EXPECT_EQ(only<model::LedgerSettled>(events).size(), 1U);
    EXPECT_EQ(record_of(events).status, model::TurnStatus::complete);
    EXPECT_EQ(stored_of(events).size(), events.size()) << "nothing is stored twice, and nothing left out";
    wait(service->drain(1s));
  }
  EXPECT_EQ(credits(), 85) << "each was charged once";
}

TEST_F(TurnClosing, TextThatWasStoredThoughTheAnswerWasLostIsContinued) {
  start_service({says(std::vector<std::string>(40, "word "), 20)});
  away_turns.appends.obeys = true;
  away_turns.appends.calls = 1;
  expect_whole_and_paid(events_of(ask("Quantum chromodynamics?")));
}

TEST_F(TurnClosing, ARecordThatWasStoredAfterReadersWereToldIsNotStoredTwice) {
  start({.closing_patience = 50ms});
  away_turns.finishes.obeys = true;
  away_turns.finishes.calls = 4;
  const auto events = events_of(ask("Why did Arieol climb the tower?"));
  ASSERT_TRUE(gibsey::testing::soon([this] { return service->running() == 0; }));
  EXPECT_EQ(only<model::LedgerSettled>(events).size(), 1U) << "its hold had ended";
  expect_whole_and_paid(events);
}

TEST_F(TurnClosing, WhatAnotherNodeHasEndedIsLeftAsItIs) {
  start();
  away_ledger.ends.calls = kForGood;
  const auto outcome = ask("Why did Arieol climb the tower?");
  const auto id = std::get<std::shared_ptr<RunningTurn>>(outcome)->turn_id();
  ASSERT_TRUE(gibsey::testing::soon([this] { return away_ledger.ends.calls < kForGood - 1; })) << "its text is stored";
  auto record = wait(away_turns.find(id)).value().value();
  record.status = model::TurnStatus::interrupted;
  wait(away_turns.finish(record, 10'000, {model::TurnFailed{.code = "interrupted", .message = "gone"}})).value();
  away_ledger.ends.calls = 0;
  events_of(outcome);
  ASSERT_TRUE(gibsey::testing::soon([this] { return service->running() == 0; }));
  EXPECT_EQ(wait(away_turns.find(id)).value()->status, model::TurnStatus::interrupted);
}

TEST_F(TurnClosing, IsDoneWhenTheLedgerIsBack) {
  for (const bool obeys : {false, true}) {
    start();
    away_ledger.ends.obeys = obeys;
    away_ledger.ends.calls = 3;
    const auto events = events_of(ask("Why did Arieol climb the tower?"));
    EXPECT_EQ(only<model::LedgerSettled>(events).at(0).receipt.charged, 5);
    EXPECT_FALSE(has_open_holds());
    EXPECT_EQ(record_of(events).status, model::TurnStatus::complete);
    wait(service->drain(1s));
  }
  EXPECT_EQ(credits(), 90) << "each was charged once";
}

TEST_F(TurnClosing, ReadersAreToldAfterAWhileAndTheRecordIsStoredLater) {
  start({.closing_patience = 300ms});
  away_turns.appends.calls = away_turns.finishes.calls = kForGood;
  const auto events = events_of(ask("Why did Arieol climb the tower?"));
  EXPECT_TRUE(std::holds_alternative<model::TurnDone>(events.back()));
  EXPECT_TRUE(only<model::LedgerSettled>(events).empty()) << "nothing is told that is not so yet";
  EXPECT_EQ(service->running(), 1) << "it is not closed yet";
  EXPECT_TRUE(has_open_holds());
  away_turns.appends.calls = away_turns.finishes.calls = 0;
  ASSERT_TRUE(gibsey::testing::soon([this] { return service->running() == 0; }));
  expect_whole_and_paid(events);
}

TEST_F(TurnClosing, AProgramThatStopsDoesNotWaitForIt) {
  start({.closing_patience = 50ms});
  away_turns.appends.calls = away_turns.finishes.calls = kForGood;
  const auto events = events_of(ask("Why did Arieol climb the tower?"));
  EXPECT_TRUE(wait(service->drain(100ms))) << "it has given up";
  EXPECT_EQ(record_of(events).status, model::TurnStatus::running) << "as a crash leaves it, for the next start";
}

TEST_F(TurnClosing, OfATurnThatHasNotBegunGivesBackWhatItHolds) {
  for (const bool obeys : {false, true}) {
    SCOPED_TRACE(obeys);
    start();
    away_turns.begins.obeys = obeys;
    away_turns.begins.calls = away_turns.appends.calls = 1;
    const auto refused = wait(service->start({.user_id = "u", .character_id = "arieol", .text = "Why?"}));
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
    ASSERT_TRUE(gibsey::testing::soon([this] { return service->running() == 0; }));
    EXPECT_EQ(credits(), 100);
    EXPECT_FALSE(has_open_holds());
    EXPECT_TRUE(wait(away_turns.list_running()).value().empty());
  }
}

TEST_F(TurnClosing, WhoMeetsATurnThatHasNotBegunHearsItsEndAndItsKeyIsFree) {
  start({.closing_patience = 50ms});
  away_turns.begins.obeys = true;
  away_turns.begins.calls = 1;
  away_turns.appends.calls = kForGood;
  const Question question{.user_id = "u",
                          .character_id = "arieol",
                          .text = "Why?",
                          .idempotency = IdempotencyKey{.route = "turns", .key = "k", .body_hash = "h"}};
  away_turns.claims.calls = 1;
  ASSERT_FALSE(wait(service->start(question)).has_value());
  const auto again = wait(service->start(question));
  ASSERT_TRUE(again.has_value()) << again.error().message;
  const auto events = events_of(*again);
  EXPECT_EQ(std::get<model::TurnFailed>(events.back()).code, "unavailable");
  away_turns.appends.calls = 0;
  ASSERT_TRUE(gibsey::testing::soon([this] { return service->running() == 0; }));
  const auto fresh = wait(service->start(question));
  ASSERT_TRUE(fresh.has_value());
  EXPECT_TRUE(std::holds_alternative<model::TurnDone>(events_of(*fresh).back())) << "a refused request leaves its key free";
}

TEST_F(TurnClosing, AHoldWhoseAnswerWasLostIsGivenBack) {
  start();
  away_ledger.holds.obeys = true;
  away_ledger.holds.calls = 3;
  const auto refused = wait(service->start({.user_id = "u", .character_id = "arieol", .text = "Why?"}));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
  EXPECT_EQ(credits(), 95) << "taken, and nobody knows";
  EXPECT_TRUE(gibsey::testing::soon([this] { return credits() == 100; }));
  EXPECT_FALSE(has_open_holds());
  EXPECT_EQ(wait(away_ledger.statement("u", 10)).value().front().reason, "not started: released in full");
}

}  // namespace
}  // namespace gibsey::chat
