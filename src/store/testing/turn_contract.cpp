#include "store/testing/await.hpp"
#include "store/testing/backends.hpp"
#include "store/testing/same_fields.hpp"
#include "store/testing/sample_turns.hpp"

#include <fmt/format.h>

#include <string>
#include <vector>

namespace gibsey::store::testing {
namespace {

using Ids = std::vector<std::string>;

class TurnContract : public Contract {
 protected:
  TurnStore& turns_ = stores_->turns();
};
INSTANTIATE_TEST_SUITE_P(Stores, TurnContract, ::testing::ValuesIn(backends()), name_of);

TEST_P(TurnContract, begins_a_running_turn) {
  auto turn = sample_turn("t1", "c1", "u1", "a parent that is not there");
  turn.status = model::TurnStatus::complete;
  turn.reply = "nothing has been said yet";
  value_of(turns_.begin(turn));
  auto expected = turn;
  expected.status = model::TurnStatus::running;
  expected.reply = "";
  EXPECT_TRUE(same(*value_of(turns_.find("t1")), expected));
  EXPECT_EQ(value_of(turns_.count()), 1);
  EXPECT_FALSE(value_of(turns_.find("t2")));
}

TEST_P(TurnContract, refuses_to_begin_a_turn_twice) {
  value_of(turns_.begin(sample_turn("t1")));
  auto other = sample_turn("t1", "c2");
  EXPECT_EQ(error_of(turns_.begin(other)).code, ErrorCode::conflict);
  EXPECT_EQ(value_of(turns_.find("t1"))->conversation_id, "c1");
  EXPECT_EQ(value_of(turns_.count()), 1);
  EXPECT_FALSE(value_of(turns_.find_conversation("c2")));
}

TEST_P(TurnContract, finish_stores_every_field) {
  auto given = finished_turn("t1", "c1", "u1", "t0");
  given.error = "what went wrong";
  given.error_code = "deadline";
  ASSERT_EQ(unset_fields(given), std::vector<std::size_t>());
  ASSERT_EQ(unset_fields(given.sources[0]), std::vector<std::size_t>());
  ASSERT_EQ(unset_fields(given.quotes[0]), std::vector<std::size_t>());
  ASSERT_EQ(unset_fields(*given.receipt), std::vector<std::size_t>());
  ASSERT_EQ(unset_fields(*given.sentiment), std::vector<std::size_t>());
  ASSERT_EQ(unset_fields(given.calls[0]), std::vector<std::size_t>());
  ASSERT_EQ(unset_fields(given.usage), std::vector<std::size_t>());
  ASSERT_EQ(unset_fields(given.phases[0]), std::vector<std::size_t>());
  value_of(turns_.begin(sample_turn("t1", "c1", "u1", "t0")));
  value_of(turns_.append_events("t1", 1, tokens({"a draft"})));
  value_of(turns_.finish(given, 2, {}));
  EXPECT_TRUE(same(*value_of(turns_.find("t1")), given));
}

TEST_P(TurnContract, finish_leaves_the_identity) {
  const auto begun = sample_turn("t1", "c1", "u1", "t0");
  value_of(turns_.begin(begun));
  auto given = finished_turn("t1", "another conversation", "another user", "another parent");
  given.dialect = "another dialect";
  given.world = "another world";
  given.character_id = "another";
  given.question = "another question";
  given.created = 9;
  value_of(turns_.finish(given, 1, {}));
  EXPECT_TRUE(same(*value_of(turns_.find("t1")), finished_turn("t1", "c1", "u1", "t0")));
}

TEST_P(TurnContract, finish_again_stores_anew_and_needs_a_turn) {
  value_of(turns_.begin(sample_turn("t1")));
  value_of(turns_.finish(finished_turn("t1"), 1, {}));
  auto marked = finished_turn("t1");
  marked.status = model::TurnStatus::interrupted;
  marked.error = "the server stopped";
  marked.receipt.reset();
  marked.sentiment.reset();
  value_of(turns_.finish(marked, 0, {}));
  EXPECT_TRUE(same(*value_of(turns_.find("t1")), marked));
  EXPECT_EQ(error_of(turns_.finish(finished_turn("t2"), 1, sample_events())).code, ErrorCode::not_found);
  EXPECT_EQ(value_of(turns_.count()), 1);
  EXPECT_TRUE(value_of(turns_.events("t2", 0, 100)).empty());
}

TEST_P(TurnContract, lists_what_is_running_with_what_has_been_said) {
  for (const auto* id : {"b", "a", "c"}) value_of(turns_.begin(sample_turn(id)));
  value_of(turns_.append_events("a", 1, tokens({"ha", "lf"})));
  value_of(turns_.finish(finished_turn("c"), 1, {}));
  const auto running = value_of(turns_.list_running());
  EXPECT_EQ(ids_of(running), (Ids{"b", "a"}));
  EXPECT_EQ(running[0].reply, "");
  EXPECT_EQ(running[1].reply, "half");
}

TEST_P(TurnContract, of_many_that_begin_one_turn_at_once_one_does) {
  std::vector<boost::asio::awaitable<void>> operations;
  std::vector<std::optional<Result<void>>> begun(100);
  for (std::size_t i = 0; i < begun.size(); ++i) {
    operations.push_back(keep_answer(turns_.begin(sample_turn(fmt::format("t{}", i % 50))), begun[i]));
  }
  run_all(std::move(operations), 4);
  int conflicts = 0;
  for (const auto& answer : begun) conflicts += !*answer && answer->error().code == ErrorCode::conflict ? 1 : 0;
  EXPECT_EQ(conflicts, 50);
  EXPECT_EQ(value_of(turns_.count()), 50);
  EXPECT_EQ(value_of(turns_.find_conversation("c1"))->turns, 50);
}

}  // namespace
}  // namespace gibsey::store::testing
