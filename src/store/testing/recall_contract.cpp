#include "store/testing/await.hpp"
#include "store/testing/backends.hpp"
#include "store/testing/same_fields.hpp"
#include "store/testing/sample_turns.hpp"

#include <string>
#include <vector>

namespace gibsey::store::testing {
namespace {

class RecallContract : public Contract {
 protected:
  RecallStore& recall_ = stores_->recall();
  TurnStore& turns_ = stores_->turns();

  void tell(const model::Turn& turn) {
    value_of(turns_.begin(turn));
    auto end = finished_turn(turn.id);
    value_of(turns_.finish(end, 1, {}));
  }
  std::vector<std::string> facts(const std::string& user, const std::string& character, int limit) {
    return ids_of(value_of(recall_.list_facts(user, character, limit)));
  }
  std::vector<std::string> recalled(const std::string& model, int limit, const std::string& user = "u1") {
    std::vector<std::string> ids;
    for (const auto& one : value_of(recall_.recollections(user, "arieol", model, limit))) ids.push_back(one.turn_id);
    return ids;
  }
};
INSTANTIATE_TEST_SUITE_P(Stores, RecallContract, ::testing::ValuesIn(backends()), name_of);

using Ids = std::vector<std::string>;

TEST_P(RecallContract, keeps_facts_of_one_reader_and_character_newest_first) {
  const Fact first{.id = "f1", .user_id = "u1", .character_id = "arieol", .text = "likes owls \u2014 all", .created = 1000};
  ASSERT_EQ(unset_fields(first), std::vector<std::size_t>());
  value_of(recall_.put_fact(first));
  value_of(recall_.put_fact({.id = "f2", .user_id = "u1", .character_id = "arieol", .text = "is a sailor", .created = 2000}));
  value_of(recall_.put_fact({.id = "f3", .user_id = "u1", .character_id = "arieol", .text = "has a boat", .created = 2000}));
  value_of(recall_.put_fact({.id = "f4", .user_id = "u1", .character_id = "arieol", .text = "told long ago", .created = 500}));
  value_of(recall_.put_fact({.id = "f5", .user_id = "u1", .character_id = "todd", .text = "x", .created = 9000}));
  value_of(recall_.put_fact({.id = "f6", .user_id = "u2", .character_id = "arieol", .text = "x", .created = 9000}));
  EXPECT_EQ(facts("u1", "arieol", 10), (Ids{"f3", "f2", "f1", "f4"}));
  EXPECT_EQ(facts("u1", "arieol", 2), (Ids{"f3", "f2"}));
  EXPECT_EQ(facts("u1", "arieol", 0), Ids());
  EXPECT_EQ(facts("u1", "arieol", -1), Ids());
  EXPECT_EQ(facts("u1", "todd", 10), Ids{"f5"});
  EXPECT_EQ(facts("u3", "arieol", 10), Ids());
  EXPECT_TRUE(same(value_of(recall_.list_facts("u1", "arieol", 10))[2], first));
}

TEST_P(RecallContract, refuses_a_fact_twice) {
  value_of(recall_.put_fact({.id = "f1", .user_id = "u1", .character_id = "arieol", .text = "first", .created = 1}));
  EXPECT_EQ(
      error_of(recall_.put_fact({.id = "f1", .user_id = "u2", .character_id = "todd", .text = "second", .created = 2})).code,
      ErrorCode::conflict);
  EXPECT_EQ(value_of(recall_.list_facts("u1", "arieol", 10))[0].text, "first");
  EXPECT_EQ(facts("u2", "todd", 10), Ids());
}

TEST_P(RecallContract, finds_the_ended_turns_that_have_a_vector) {
  tell(sample_turn("t1"));
  tell(sample_turn("t2"));
  tell(sample_turn("of another reader", "c2", "u2"));
  auto elsewhere = sample_turn("with another character");
  elsewhere.character_id = "todd";
  tell(elsewhere);
  tell(sample_turn("without a vector"));
  value_of(turns_.begin(sample_turn("running")));
  const std::vector<float> vector{0.6F, -0.8F, 3.0e-20F};
  for (const auto* id : {"t2", "t1", "of another reader", "with another character", "running"}) {
    value_of(recall_.put_turn_vector(id, "m", vector));
  }
  EXPECT_EQ(recalled("m", 10), (Ids{"t2", "t1"}));
  EXPECT_EQ(recalled("m", 1), Ids{"t2"});
  EXPECT_EQ(recalled("m", 0), Ids());
  EXPECT_EQ(recalled("m", -1), Ids());
  EXPECT_EQ(recalled("m", 10, "u2"), Ids{"of another reader"});
  EXPECT_EQ(recalled("another model", 10), Ids());
  const Recollection expected{.turn_id = "t1",
                              .question = sample_turn("t1").question,
                              .reply = finished_turn("t1").reply,
                              .created = 1000,
                              .vector = vector};
  ASSERT_EQ(unset_fields(expected), std::vector<std::size_t>());
  EXPECT_TRUE(same(value_of(recall_.recollections("u1", "arieol", "m", 10))[1], expected));
  value_of(turns_.finish(finished_turn("running"), 1, {}));
  EXPECT_EQ(recalled("m", 1), Ids{"running"});
}

TEST_P(RecallContract, a_vector_is_of_one_model_and_can_be_replaced) {
  tell(sample_turn("t1"));
  value_of(recall_.put_turn_vector("t1", "m", {1.0F}));
  value_of(recall_.put_turn_vector("t1", "n", {2.0F, 3.0F}));
  value_of(recall_.put_turn_vector("t1", "m", {4.0F, 5.0F}));
  EXPECT_EQ(value_of(recall_.recollections("u1", "arieol", "m", 10))[0].vector, (std::vector<float>{4.0F, 5.0F}));
  EXPECT_EQ(value_of(recall_.recollections("u1", "arieol", "n", 10))[0].vector, (std::vector<float>{2.0F, 3.0F}));
  EXPECT_EQ(recalled("m", 10).size(), 1U);
}

TEST_P(RecallContract, ignores_a_vector_of_a_turn_that_is_gone_and_refuses_an_empty_one) {
  value_of(recall_.put_turn_vector("gone", "m", {1.0F}));
  tell(sample_turn("gone"));
  EXPECT_EQ(recalled("m", 10), Ids());
  EXPECT_EQ(error_of(recall_.put_turn_vector("gone", "m", {})).code, ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace gibsey::store::testing
