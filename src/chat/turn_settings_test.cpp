// What the operator and a world set: prices, how long replies are, what is kept with --debug.
#include "chat/testing/turn_fixture.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace gibsey::chat {
namespace {

class TurnSettingsTest : public testing::TurnTest {
 protected:
  Result<StartOutcome> start(Dialect dialect, int max_tokens = 0) {
    return wait(service->start({.user_id = "u",
                                .character_id = "arieol",
                                .text = "Why did Arieol climb the tower?",
                                .max_tokens = max_tokens,
                                .dialect = std::move(dialect)}));
  }
  /// The record of a turn that has ended.
  model::Turn record_of(Dialect dialect, int max_tokens = 0) {
    const auto events = events_of(start(std::move(dialect), max_tokens).value());
    return wait(turns.find(only<model::TurnStarted>(events).at(0).turn_id)).value().value();
  }
};

TEST_F(TurnSettingsTest, APriceOfTheOperatorIsHeldAndCharged) {
  start_service({says({"A plain answer."})}, {.costs = parse_costs("persona=60/1,turns=0/0").value()});
  const auto record = record_of(persona_dialect({}));
  EXPECT_EQ(record.receipt->charged, 60);
  EXPECT_EQ(record.receipt->balance, 40);
  const auto refused = start(persona_dialect({})).value();
  ASSERT_TRUE(std::holds_alternative<CreditsRefused>(refused));
  EXPECT_EQ(std::get<CreditsRefused>(refused).needed, 60);
  EXPECT_EQ(std::get<CreditsRefused>(refused).available, 40);
  EXPECT_EQ(record_of(ask_dialect()).receipt->charged, 5) << "the world's own price";
  EXPECT_EQ(balance(), 35);
}

TEST_F(TurnSettingsTest, WhatCostsNothingHoldsNothing) {
  start_service({says({"A plain answer."})}, {.costs = parse_costs("turns=0/0").value()});
  const auto record = record_of(turns_dialect());
  EXPECT_EQ(record.hold_id, "");
  EXPECT_EQ(record.receipt->rule, "free of charge");
  EXPECT_TRUE(wait(ledger.statement("u", 10)).value().empty()) << "the ledger was not asked";
  wait(ledger.grant("u", 7, "test")).value();
  EXPECT_EQ(record_of(turns_dialect()).receipt->balance, 7) << "a reader of a dialect of credits is told them all the same";
  EXPECT_EQ(record_of(session_dialect()).receipt->balance, 0);
}

TEST_F(TurnSettingsTest, ARequestThenItsDialectThenItsWorldSaysHowLongAReplyIs) {
  start_service({says({"A plain answer."})}, {.max_tokens = 55, .debug = true});
  const auto tokens = [](const model::Turn& record) { return record.calls.at(0).max_tokens; };
  EXPECT_EQ(tokens(record_of(turns_dialect())), 55);
  auto world = wait(pages.find_world("w")).value().value();
  world.max_tokens = 33;
  wait(pages.put_world(world)).value();
  for (const auto& dialect : {turns_dialect(), ask_dialect(), session_dialect(), facade_dialect()}) {
    EXPECT_EQ(tokens(record_of(dialect)), 33) << dialect.name;
    EXPECT_EQ(tokens(record_of(dialect, 12)), 12) << dialect.name;
  }
  EXPECT_EQ(tokens(record_of(persona_dialect({.max_tokens = 44}))), 44);
}

TEST_F(TurnSettingsTest, WithDebugTheRecordTellsWhatEveryModelWasSent) {
  auto breaks = says({"It begins"});
  breaks.failure = provider::ScriptedFailure{1, ErrorCode::unavailable, "the connection broke"};
  start_with({{.replies = {breaks}, .name = "weak"}, {.replies = {says({"A plain answer."})}, .name = "strong"}},
             {.debug = true});
  const auto record = record_of(turns_dialect());
  ASSERT_GE(record.calls.size(), 2U);
  EXPECT_EQ(record.calls.front().model, "weak");
  EXPECT_EQ(record.calls.front().outcome, "unavailable");
  const auto& last = record.calls.back();
  EXPECT_EQ(last.model, "strong");
  EXPECT_EQ(last.outcome, "stop");
  EXPECT_GT(last.usage.completion_tokens, 0);
  EXPECT_EQ(last.temperature, record.temperature);
  ASSERT_GE(last.messages.size(), 2U);
  EXPECT_EQ(last.messages.front().role, "system");
  EXPECT_NE(last.messages.front().text.find("You are Arieol."), std::string::npos);
  EXPECT_EQ(last.messages.back().role, "user");
  EXPECT_NE(last.messages.back().text.find("Why did Arieol climb the tower?"), std::string::npos);
  const auto generations = std::ranges::count(record.phases, std::string("generate"), &model::Phase::name);
  EXPECT_EQ(static_cast<std::size_t>(generations), record.calls.size());
}

TEST_F(TurnSettingsTest, WithoutDebugOnlyThePhasesAreKept) {
  start_service({says({"A plain answer."})});
  const auto record = record_of(turns_dialect());
  EXPECT_TRUE(record.calls.empty());
  EXPECT_EQ(std::ranges::count(record.phases, std::string("generate"), &model::Phase::name), 1);
}

}  // namespace
}  // namespace gibsey::chat
