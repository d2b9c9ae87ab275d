#include "chat/testing/turn_fixture.hpp"

#include <gtest/gtest.h>

namespace gibsey::chat {
namespace {

using provider::ScriptedOptions;
using provider::ScriptedReply;

constexpr const char* kQuestion = "Why did Arieol climb the tower?";

/// A model that fails, and who takes over.
class Fallback : public testing::TurnTest {
 protected:
  static ScriptedOptions breaks_after(std::vector<std::string> chunks, ErrorCode code = ErrorCode::unavailable) {
    auto reply = says(chunks);
    reply.failure = provider::ScriptedFailure{static_cast<int>(chunks.size()), code, "the connection broke"};
    return {.replies = {reply}, .name = "weak"};
  }
  static ScriptedOptions answers(std::vector<std::string> chunks, bool supports_opening = false) {
    return {.replies = {says(std::move(chunks))}, .name = "strong", .supports_opening = supports_opening};
  }

  std::vector<model::TurnEvent> events_in(Dialect dialect) {
    auto started =
        wait(service->start({.user_id = "u", .character_id = "arieol", .text = kQuestion, .dialect = std::move(dialect)}));
    EXPECT_TRUE(started.has_value()) << started.error().message;
    return events_of(*started);
  }

  /// As a client has it: a replacement begins from nothing.
  static std::string text_of(const std::vector<model::TurnEvent>& events) {
    std::string text;
    for (const auto& event : events) {
      if (std::holds_alternative<model::TextReplaced>(event)) text.clear();
      if (const auto* token = std::get_if<model::TokenText>(&event)) text += token->text;
    }
    return text;
  }

  model::Turn record_of(const std::vector<model::TurnEvent>& events) {
    return wait(turns.find(only<model::TurnStarted>(events).at(0).turn_id)).value().value();
  }
};

TEST_F(Fallback, BeforeTheFirstTokenNobodyNotices) {
  start_with({breaks_after({}), answers({"I did: \"Nobody else had wanted the key.\" So I went."})});
  const auto events = events_in(turns_dialect());
  EXPECT_EQ(only<model::TextReplaced>(events).size(), 0U);
  const auto done = only<model::TurnDone>(events);
  ASSERT_EQ(done.size(), 1U);
  EXPECT_TRUE(done[0].fallback_used);
  EXPECT_EQ(done[0].model, "strong");
  EXPECT_EQ(only<model::SourcesFound>(events).size(), 1U);
  EXPECT_EQ(only<model::ContextComposed>(events).size(), 1U) << "told once where nothing has changed";
  EXPECT_EQ(balance(), 95);
  EXPECT_EQ(record_of(events).quotes.size(), 1U);
}

TEST_F(Fallback, ATurnBeginsAnewAfterTokensWereSent) {
  start_with({breaks_after({"Because of \"Nobody else had ", "wanted the key.\" and "}), answers({"I wished it so."})});
  const auto events = events_in(turns_dialect());
  ASSERT_EQ(only<model::TextReplaced>(events).size(), 1U);
  const auto record = record_of(events);
  EXPECT_TRUE(record.reply.starts_with("I wished it so."));
  EXPECT_EQ(text_of(events), record.reply);
  ASSERT_EQ(record.quotes.size(), 1U) << "the first model's quotation is void, the epigraph stands in";
  EXPECT_EQ(record.quotes[0].origin, model::QuoteOrigin::epigraph);
  EXPECT_EQ(balance(), 95) << "charged once";
}

TEST_F(Fallback, OtherDialectsGoOnFromWhatWasSaid) {
  start_with({breaks_after({"Because of \"Nobody else had ", "wanted "}), answers({"the key.\" So I went."}, true)});
  const auto events = events_in(ask_dialect());
  EXPECT_EQ(only<model::TextReplaced>(events).size(), 0U);
  const auto record = record_of(events);
  EXPECT_EQ(record.reply, "Because of \"Nobody else had wanted the key.\" (p. 1) So I went.")
      << "a quotation that was open when the first model broke is checked whole";
  EXPECT_EQ(text_of(events), record.reply);
  EXPECT_EQ(record.quotes.size(), 1U);
  EXPECT_TRUE(record.fallback_used);
  EXPECT_EQ(balance(), 95);
}

TEST_F(Fallback, WhereNobodyCanGoOnTheTurnFailsAndCostsNothing) {
  start_with({breaks_after({"Because of the "}), answers({"lamp."})});
  const auto events = events_in(ask_dialect());
  const auto failed = only<model::TurnFailed>(events);
  ASSERT_EQ(failed.size(), 1U);
  EXPECT_TRUE(failed[0].released);
  EXPECT_EQ(failed[0].code, "unavailable");
  const auto record = record_of(events);
  EXPECT_EQ(record.status, model::TurnStatus::failed);
  EXPECT_EQ(record.reply, "Because of the ") << "what was said is kept";
  EXPECT_EQ(balance(), 100);
}

TEST_F(Fallback, TheChainGoesOnUntilSomebodyAnswers) {
  start_with({breaks_after({}), breaks_after({"Well, "}, ErrorCode::deadline), breaks_after({}, ErrorCode::forbidden),
              answers({"The lamp."})});
  const auto events = events_in(turns_dialect());
  EXPECT_EQ(only<model::TurnDone>(events).size(), 1U);
  EXPECT_TRUE(text_of(events).starts_with("The lamp."));
  EXPECT_EQ(balance(), 95);
}

TEST_F(Fallback, WhenAllFailEachIsTold) {
  start_with({breaks_after({}), breaks_after({})});
  const auto events = events_in(turns_dialect());
  const auto failed = only<model::TurnFailed>(events);
  ASSERT_EQ(failed.size(), 1U);
  EXPECT_TRUE(failed[0].message.contains("no model could answer")) << failed[0].message;
  EXPECT_EQ(balance(), 100);
}

TEST_F(Fallback, AnErrorOfOursIsNotPassedOn) {
  start_with({breaks_after({}, ErrorCode::internal), answers({"The lamp."})});
  EXPECT_EQ(only<model::TurnFailed>(events_in(turns_dialect())).size(), 1U);
}

TEST_F(Fallback, ANamedProviderThatIsNotThereIsRefused) {
  start_with({answers({"The lamp."})});
  const auto started = wait(service->start({.user_id = "u", .text = kQuestion, .provider = "ollama"}));
  ASSERT_FALSE(started.has_value());
  EXPECT_EQ(started.error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(balance(), 0) << "nobody is known before a hold";
}

TEST_F(Fallback, AStopWhileOneFailsIsAStop) {
  auto slow = says({"One ", "two ", "three ", "four "}, 30);
  slow.failure = provider::ScriptedFailure{4, ErrorCode::unavailable, "broken"};
  start_with({{.replies = {slow}}, answers({"Anew."})});
  auto started = wait(service->start({.user_id = "u", .character_id = "arieol", .text = kQuestion}));
  const auto turn = std::get<std::shared_ptr<RunningTurn>>(*started);
  std::this_thread::sleep_for(std::chrono::milliseconds(60));
  turn->stop();
  const auto events = events_of(*started);
  const auto done = only<model::TurnDone>(events);
  ASSERT_EQ(done.size(), 1U);
  EXPECT_EQ(done[0].finish_reason, model::FinishReason::stopped_by_reader);
  EXPECT_FALSE(done[0].fallback_used);
}

}  // namespace
}  // namespace gibsey::chat
