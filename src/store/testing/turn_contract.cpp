#include "store/testing/await.hpp"
#include "store/testing/backends.hpp"

#include <fmt/format.h>

#include <string>
#include <vector>

namespace gibsey::store::testing {
namespace {

class TurnContract : public Contract {
 protected:
  TurnStore& turns_ = stores_->turns();
};
INSTANTIATE_TEST_SUITE_P(Stores, TurnContract, ::testing::ValuesIn(backends()), name_of);

model::Turn sample_turn(const std::string& id, const std::string& conversation = "c1", const std::string& user = "u1") {
  model::Turn turn;
  turn.id = id;
  turn.conversation_id = conversation;
  turn.user_id = user;
  turn.world = "tower";
  turn.character_id = "arieol";
  turn.question = "Why did you climb the tower?";
  turn.hold_id = "hold of " + id;
  turn.created = 1000;
  turn.updated = 1000;
  return turn;
}

model::Turn finished_turn(const std::string& id, const std::string& conversation = "c1", const std::string& user = "u1") {
  auto turn = sample_turn(id, conversation, user);
  turn.reply = "\u201cBecause it was there.\u201d So I said.";
  turn.status = model::TurnStatus::complete;
  turn.sources = {{.n = 1, .page_id = "p1", .label = "xiv", .title = "The stair", .chapter = "Two",
                   .quote = "Because it was there.", .start = 3, .end = 24, .score = 0.1}};
  turn.quotes = {{.n = 1, .page_id = "p1", .label = "xiv", .title = "The stair", .start = 3, .end = 24,
                  .text = "Because it was there.", .origin = model::QuoteOrigin::opening, .verified = true, .reply_start = 0,
                  .reply_end = 23}};
  turn.receipt = model::Receipt{.held = 5, .charged = 4, .released = 1, .balance = 95, .rule = "complete"};
  turn.usage = {.prompt_tokens = 640, .completion_tokens = 31};
  turn.provider = "local";
  turn.model = "small";
  turn.finish_reason = "stop";
  turn.false_quotes = 2;
  turn.first_token_ms = 120;
  turn.total_ms = 900;
  turn.updated = 2000;
  return turn;
}

std::vector<std::string> ids_of(const std::vector<model::Turn>& turns) {
  std::vector<std::string> ids;
  for (const auto& turn : turns) ids.push_back(turn.id);
  return ids;
}

TEST_P(TurnContract, begins_a_running_turn) {
  auto turn = sample_turn("t1");
  turn.status = model::TurnStatus::complete;
  value_of(turns_.begin(turn));
  const auto stored = *value_of(turns_.find("t1"));
  EXPECT_EQ(stored.status, model::TurnStatus::running);
  EXPECT_EQ(stored.conversation_id, "c1");
  EXPECT_EQ(stored.user_id, "u1");
  EXPECT_EQ(stored.world, "tower");
  EXPECT_EQ(stored.character_id, "arieol");
  EXPECT_EQ(stored.question, turn.question);
  EXPECT_EQ(stored.hold_id, "hold of t1");
  EXPECT_EQ(stored.created, 1000);
  EXPECT_EQ(stored.reply, "");
  EXPECT_FALSE(stored.receipt);
  EXPECT_EQ(value_of(turns_.count()), 1);
  EXPECT_FALSE(value_of(turns_.find("t2")));
}

TEST_P(TurnContract, refuses_to_begin_a_turn_twice) {
  value_of(turns_.begin(sample_turn("t1")));
  auto other = sample_turn("t1", "c2");
  EXPECT_EQ(error_of(turns_.begin(other)).code, ErrorCode::conflict);
  EXPECT_EQ(value_of(turns_.find("t1"))->conversation_id, "c1");
  EXPECT_EQ(value_of(turns_.count()), 1);
}

TEST_P(TurnContract, appends_to_the_reply_of_a_running_turn_only) {
  value_of(turns_.begin(sample_turn("t1")));
  value_of(turns_.append_reply("t1", "Once \u2014 "));
  value_of(turns_.append_reply("t1", ""));
  value_of(turns_.append_reply("t1", std::string("upon\0a", 6)));
  EXPECT_EQ(value_of(turns_.find("t1"))->reply, "Once \u2014 " + std::string("upon\0a", 6));
  EXPECT_EQ(error_of(turns_.append_reply("t2", "x")).code, ErrorCode::not_found);
  value_of(turns_.finish(finished_turn("t1")));
  EXPECT_EQ(error_of(turns_.append_reply("t1", "x")).code, ErrorCode::not_found);
  EXPECT_EQ(value_of(turns_.find("t1"))->reply, finished_turn("t1").reply);
}

TEST_P(TurnContract, finish_stores_everything) {
  value_of(turns_.begin(sample_turn("t1")));
  value_of(turns_.append_reply("t1", "a draft"));
  const auto given = finished_turn("t1");
  value_of(turns_.finish(given));
  const auto stored = *value_of(turns_.find("t1"));
  EXPECT_EQ(stored.reply, given.reply);
  EXPECT_EQ(stored.status, model::TurnStatus::complete);
  ASSERT_EQ(stored.sources.size(), 1U);
  EXPECT_EQ(stored.sources[0].n, 1);
  EXPECT_EQ(stored.sources[0].page_id, "p1");
  EXPECT_EQ(stored.sources[0].label, "xiv");
  EXPECT_EQ(stored.sources[0].title, "The stair");
  EXPECT_EQ(stored.sources[0].chapter, "Two");
  EXPECT_EQ(stored.sources[0].quote, "Because it was there.");
  EXPECT_EQ(stored.sources[0].start, 3);
  EXPECT_EQ(stored.sources[0].end, 24);
  EXPECT_EQ(stored.sources[0].score, 0.1);
  ASSERT_EQ(stored.quotes.size(), 1U);
  EXPECT_EQ(stored.quotes[0].n, 1);
  EXPECT_EQ(stored.quotes[0].page_id, "p1");
  EXPECT_EQ(stored.quotes[0].label, "xiv");
  EXPECT_EQ(stored.quotes[0].title, "The stair");
  EXPECT_EQ(stored.quotes[0].start, 3);
  EXPECT_EQ(stored.quotes[0].end, 24);
  EXPECT_EQ(stored.quotes[0].text, "Because it was there.");
  EXPECT_EQ(stored.quotes[0].origin, model::QuoteOrigin::opening);
  EXPECT_TRUE(stored.quotes[0].verified);
  EXPECT_EQ(stored.quotes[0].reply_end, 23);
  ASSERT_TRUE(stored.receipt);
  EXPECT_EQ(stored.receipt->held, 5);
  EXPECT_EQ(stored.receipt->charged, 4);
  EXPECT_EQ(stored.receipt->released, 1);
  EXPECT_EQ(stored.receipt->balance, 95);
  EXPECT_EQ(stored.receipt->rule, "complete");
  EXPECT_EQ(stored.usage.prompt_tokens, 640);
  EXPECT_EQ(stored.usage.completion_tokens, 31);
  EXPECT_EQ(stored.provider, "local");
  EXPECT_EQ(stored.model, "small");
  EXPECT_EQ(stored.finish_reason, "stop");
  EXPECT_EQ(stored.error, "");
  EXPECT_EQ(stored.false_quotes, 2);
  EXPECT_EQ(stored.first_token_ms, 120);
  EXPECT_EQ(stored.total_ms, 900);
  EXPECT_EQ(stored.updated, 2000);
}

TEST_P(TurnContract, finish_leaves_the_identity) {
  value_of(turns_.begin(sample_turn("t1")));
  auto given = finished_turn("t1", "another conversation", "another user");
  given.world = "another world";
  given.character_id = "another";
  given.question = "another question";
  given.created = 9;
  value_of(turns_.finish(given));
  const auto stored = *value_of(turns_.find("t1"));
  EXPECT_EQ(stored.conversation_id, "c1");
  EXPECT_EQ(stored.user_id, "u1");
  EXPECT_EQ(stored.world, "tower");
  EXPECT_EQ(stored.character_id, "arieol");
  EXPECT_EQ(stored.question, "Why did you climb the tower?");
  EXPECT_EQ(stored.created, 1000);
}

TEST_P(TurnContract, finish_again_stores_anew_and_needs_a_turn) {
  value_of(turns_.begin(sample_turn("t1")));
  value_of(turns_.finish(finished_turn("t1")));
  auto marked = finished_turn("t1");
  marked.status = model::TurnStatus::interrupted;
  marked.error = "the server stopped";
  marked.receipt.reset();
  value_of(turns_.finish(marked));
  const auto stored = *value_of(turns_.find("t1"));
  EXPECT_EQ(stored.status, model::TurnStatus::interrupted);
  EXPECT_EQ(stored.error, "the server stopped");
  EXPECT_FALSE(stored.receipt);
  EXPECT_EQ(error_of(turns_.finish(finished_turn("t2"))).code, ErrorCode::not_found);
  EXPECT_EQ(value_of(turns_.count()), 1);
}

TEST_P(TurnContract, history_is_of_one_conversation_and_its_owner) {
  for (const auto* id : {"t3", "t1", "t2"}) value_of(turns_.begin(sample_turn(id)));
  value_of(turns_.begin(sample_turn("foreign", "c1", "u2")));
  value_of(turns_.begin(sample_turn("other", "c2", "u1")));
  for (const auto* id : {"t2", "t3"}) value_of(turns_.finish(finished_turn(id)));
  value_of(turns_.finish(finished_turn("foreign", "c1", "u2")));
  value_of(turns_.finish(finished_turn("other", "c2", "u1")));

  using Ids = std::vector<std::string>;
  EXPECT_EQ(ids_of(value_of(turns_.history("c1", "u1", 10))), (Ids{"t3", "t2"})) << "the running turn is no history yet";
  value_of(turns_.finish(finished_turn("t1")));
  EXPECT_EQ(ids_of(value_of(turns_.history("c1", "u1", 10))), (Ids{"t3", "t1", "t2"}));
  EXPECT_EQ(ids_of(value_of(turns_.history("c1", "u1", 2))), (Ids{"t1", "t2"}));
  EXPECT_EQ(ids_of(value_of(turns_.history("c1", "u2", 10))), Ids{"foreign"});
  EXPECT_TRUE(value_of(turns_.history("c1", "u3", 10)).empty());
  EXPECT_TRUE(value_of(turns_.history("c1", "u1", 0)).empty());
  EXPECT_TRUE(value_of(turns_.history("c1", "u1", -1)).empty());
  EXPECT_EQ(value_of(turns_.history("c1", "u1", 1))[0].sources.size(), 1U);
}

TEST_P(TurnContract, history_has_every_kind_of_ending) {
  const std::vector<model::TurnStatus> endings{model::TurnStatus::complete, model::TurnStatus::stopped, model::TurnStatus::failed,
                                               model::TurnStatus::interrupted};
  for (const auto status : endings) {
    auto turn = finished_turn(model::to_string(status));
    value_of(turns_.begin(turn));
    turn.status = status;
    value_of(turns_.finish(turn));
  }
  const auto history = value_of(turns_.history("c1", "u1", 10));
  ASSERT_EQ(history.size(), endings.size());
  for (std::size_t i = 0; i < endings.size(); ++i) EXPECT_EQ(history[i].status, endings[i]);
}

TEST_P(TurnContract, lists_what_is_running) {
  for (const auto* id : {"b", "a", "c"}) value_of(turns_.begin(sample_turn(id)));
  value_of(turns_.append_reply("a", "half"));
  value_of(turns_.finish(finished_turn("c")));
  const auto running = value_of(turns_.list_running());
  EXPECT_EQ(ids_of(running), (std::vector<std::string>{"b", "a"}));
  EXPECT_EQ(running[1].reply, "half");
}

TEST_P(TurnContract, many_at_once_begin_and_append) {
  std::vector<boost::asio::awaitable<void>> operations;
  std::vector<std::optional<Result<void>>> begun(100);
  for (std::size_t i = 0; i < begun.size(); ++i) {
    operations.push_back(keep_answer(turns_.begin(sample_turn(fmt::format("t{}", i % 50))), begun[i]));
  }
  run_all(std::move(operations), 4);
  int conflicts = 0;
  for (const auto& answer : begun) conflicts += !*answer ? 1 : 0;
  EXPECT_EQ(conflicts, 50);

  std::vector<boost::asio::awaitable<void>> appends;
  std::vector<std::optional<Result<void>>> appended(60);
  for (auto& answer : appended) appends.push_back(keep_answer(turns_.append_reply("t7", "xy"), answer));
  run_all(std::move(appends), 4);
  EXPECT_EQ(value_of(turns_.find("t7"))->reply.size(), 120U);
}

}  // namespace
}  // namespace gibsey::store::testing
