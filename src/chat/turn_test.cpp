#include "chat/testing/turn_fixture.hpp"

#include "chat/recovery.hpp"

#include <gtest/gtest.h>

namespace gibsey::chat {
namespace {

namespace asio = boost::asio;

class Turns : public testing::TurnTest {};

TEST_F(Turns, AWholeTurnIsRecordedAndCharged) {
  start_service({says({"I did: \"Nobody else ", "had wanted the key.\" ", "So I went."})});
  const auto events = events_of(ask("Why did Arieol climb the tower?"));
  EXPECT_TRUE(std::holds_alternative<model::TurnStarted>(events.front()));
  EXPECT_TRUE(std::holds_alternative<model::TurnDone>(events.back()));
  EXPECT_EQ(only<model::QuoteClosed>(events).size(), 1U);
  EXPECT_FALSE(only<model::SourcesFound>(events).at(0).sources.empty());
  const auto record = wait(turns.find(only<model::TurnStarted>(events).at(0).turn_id)).value().value();
  EXPECT_EQ(record.status, model::TurnStatus::complete);
  EXPECT_EQ(record.reply, "I did: \"Nobody else had wanted the key.\" (p. 1) So I went.");
  EXPECT_EQ(record.quotes.size(), 1U);
  ASSERT_TRUE(record.receipt.has_value());
  EXPECT_EQ(record.receipt->charged, 5);
  EXPECT_EQ(balance(), 95);
  EXPECT_TRUE(wait(ledger.open_holds()).value().empty());
}

TEST_F(Turns, AReplyWithoutAQuoteGetsAnEpigraphWhereTheBookSpeaksOfIt) {
  start_service({says({"Because of the lamp."})});
  const auto quotes = only<model::QuoteClosed>(events_of(ask("Why did Arieol climb the tower?")));
  ASSERT_EQ(quotes.size(), 1U);
  EXPECT_EQ(quotes[0].quote.origin, model::QuoteOrigin::epigraph);
  EXPECT_TRUE(only<model::QuoteClosed>(events_of(ask("Quantum chromodynamics lattice spacing?"))).empty())
      << "nothing is forced where it does not";
}

TEST_F(Turns, AFollowUpIsLookedUpWithWhatTheTalkWasAbout) {
  start_service({says({"Because of the lamp."})});
  EXPECT_TRUE(only<model::SourcesFound>(events_of(ask("And why?"))).at(0).sources.empty())
      << "of nothing there is nothing to find";
  const auto first = only<model::TurnStarted>(events_of(ask("Why did Arieol climb the tower?"))).at(0);
  auto next = wait(
      service->start({.user_id = "u", .character_id = "arieol", .text = "And why?", .conversation_id = first.conversation_id}));
  ASSERT_TRUE(next.has_value()) << next.error().message;
  const auto sources = only<model::SourcesFound>(events_of(*next)).at(0).sources;
  ASSERT_FALSE(sources.empty());
  EXPECT_TRUE(sources.front().quote.contains("climbed the tower")) << sources.front().quote;
}

TEST_F(Turns, AFollowUpNamesNobodyAndFindsHim) {
  std::vector<model::PageContent> contents;
  for (const char* text :
       {"Shamrock Stillman is an investigator of small losses. He went to the pier because the captain had written to him.",
        "The goat went to the fair. Why it went there nobody asked, and the goat did not say."}) {
    model::Page page{.world = "w", .id = std::to_string(contents.size() + 10), .label = "x", .text = text};
    auto chunks = retrieval::cut_page(page, "en");
    contents.push_back({.page = page, .passages = std::move(chunks.passages), .quotes = std::move(chunks.quotes)});
  }
  wait(pages.put_pages(contents, false)).value();
  wait(retriever.load("w")).value();
  start_service({says({"Because of the lamp."})});
  const auto first = only<model::TurnStarted>(events_of(ask("Who is Shamrock Stillman?"))).at(0);
  const auto sources_of = [&](const std::string& conversation) {
    auto turn = wait(service->start(
        {.user_id = "u", .character_id = "arieol", .text = "And why did he go there?", .conversation_id = conversation}));
    return only<model::SourcesFound>(events_of(turn.value())).at(0).sources;
  };
  const auto sources = sources_of(first.conversation_id);
  ASSERT_FALSE(sources.empty());
  EXPECT_EQ(sources.front().page_id, "10") << sources.front().quote;
  const auto alone = sources_of("");
  EXPECT_TRUE(alone.empty() || alone.front().page_id != "10") << "by itself the question says nothing of him";
}

TEST_F(Turns, AFailureReleasesEverything) {
  auto reply = says({"It begins. ", "And then"});
  reply.failure = provider::ScriptedFailure{.after_chunks = 1, .code = ErrorCode::unavailable, .message = "gone"};
  start_service({reply});
  const auto events = events_of(ask("Why?"));
  ASSERT_TRUE(std::holds_alternative<model::TurnFailed>(events.back()));
  EXPECT_TRUE(std::get<model::TurnFailed>(events.back()).released);
  EXPECT_EQ(balance(), 100);
  EXPECT_TRUE(wait(ledger.open_holds()).value().empty());
}

TEST_F(Turns, AReaderWhoStopsAfterTheFirstTokenPays) {
  start_service({says(std::vector<std::string>(50, "word "), 20)});
  const auto outcome = ask("Why?");
  const auto turn = std::get<std::shared_ptr<RunningTurn>>(outcome);
  std::int64_t seq = 0;
  while (!std::holds_alternative<model::TokenText>(wait(turn->next_after(seq))->event)) ++seq;
  turn->stop();
  const auto events = events_of(outcome);
  EXPECT_EQ(std::get<model::TurnDone>(events.back()).finish_reason, model::FinishReason::stopped_by_reader);
  EXPECT_LT(only<model::TokenText>(events).size(), 40U);
  EXPECT_EQ(balance(), 95);
}

TEST_F(Turns, WithoutCreditsNothingRuns) {
  start_service({says({"Hello."})}, {.opening_grant = 3});
  const auto outcome = ask("Why?");
  ASSERT_TRUE(std::holds_alternative<CreditsRefused>(outcome));
  EXPECT_EQ(std::get<CreditsRefused>(outcome).needed, 5);
  EXPECT_EQ(std::get<CreditsRefused>(outcome).available, 3);
  EXPECT_EQ(wait(turns.count()).value(), 0);
  EXPECT_EQ(only<model::LedgerSettled>(events_of(ask("Why?", ""))).at(0).receipt.charged, 1) << "the narrator costs 1";
}

TEST_F(Turns, PastTheBoundTheAnswerIsBusy) {
  start_service({says(std::vector<std::string>(20, "word "), 20)}, {.max_turns = 2});
  const auto first = ask("Why?");
  const auto second = ask("Why?");
  EXPECT_TRUE(std::holds_alternative<Busy>(ask("Why?")));
  events_of(first);
  events_of(second);
  while (service->running() > 0) std::this_thread::yield();
  EXPECT_FALSE(std::holds_alternative<Busy>(ask("Why?")));
}

TEST_F(Turns, UnknownCharactersAreNotFound) {
  start_service({says({"Hello."})});
  const auto started = wait(service->start({.user_id = "u", .character_id = "nobody", .text = "Why?"}));
  ASSERT_FALSE(started.has_value());
  EXPECT_EQ(started.error().code, ErrorCode::not_found);
  EXPECT_EQ(started.error().message, "char not found");
  EXPECT_EQ(balance(), 0) << "no account was made";
}

TEST_F(Turns, RecoveryEndsWhatACrashLeft) {
  const auto hold = [&](const std::string& turn) {
    return std::get<model::CreditHold>(wait(ledger.hold("u", turn, 5, 100)).value());
  };
  const auto begin = [&](const std::string& id) {
    wait(turns.begin({.id = id, .user_id = "u", .hold_id = hold(id).id})).value();
  };
  begin("running");
  begin("complete");
  auto done = wait(turns.find("complete")).value().value();
  done.status = model::TurnStatus::complete;
  done.reply = "All of it.";
  wait(turns.finish(done, 1, {})).value();
  hold("never-begun");
  EXPECT_EQ(balance(), 85);
  EXPECT_EQ(wait(recover_turns(turns, {{"", &ledger}})).value(), 1);
  EXPECT_EQ(balance(), 95) << "the complete turn is paid, the others are given back";
  EXPECT_EQ(wait(turns.find("running")).value()->status, model::TurnStatus::interrupted);
  EXPECT_EQ(wait(turns.find("complete")).value()->receipt->charged, 5);
  EXPECT_TRUE(wait(ledger.open_holds()).value().empty());
  EXPECT_EQ(wait(recover_turns(turns, {{"", &ledger}})).value(), 0);
}

}  // namespace
}  // namespace gibsey::chat
