#include "store/recall_store.hpp"
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

class ConversationContract : public Contract {
 protected:
  TurnStore& turns_ = stores_->turns();

  void begin(const std::string& id, const std::string& conversation, UnixMillis at, const std::string& user = "u1") {
    auto turn = sample_turn(id, conversation, user);
    turn.created = turn.updated = at;
    value_of(turns_.begin(turn));
  }
  void finish(const std::string& id, UnixMillis at) {
    auto turn = finished_turn(id);
    turn.updated = at;
    value_of(turns_.finish(turn, 1, {}));
  }
  Ids listed(const std::string& after, int limit, const std::string& user = "u1") {
    return ids_of(value_of(turns_.list_conversations(user, after, limit)));
  }
};
INSTANTIATE_TEST_SUITE_P(Stores, ConversationContract, ::testing::ValuesIn(backends()), name_of);

TEST_P(ConversationContract, is_what_its_turns_say) {
  auto first = sample_turn("t1");
  first.question = "The first question?";
  value_of(turns_.begin(first));
  auto second = sample_turn("t2", "c1", "u1", "t1");
  second.question = "And then?";
  second.character_id = "todd";
  second.world = "well";
  second.created = second.updated = 1500;
  value_of(turns_.begin(second));
  const model::Conversation expected{.id = "c1",
                                     .user_id = "u1",
                                     .world = "well",
                                     .character_id = "todd",
                                     .first_question = "The first question?",
                                     .last_turn_id = "t2",
                                     .turns = 2,
                                     .created = 1000,
                                     .updated = 1500};
  ASSERT_EQ(unset_fields(expected), std::vector<std::size_t>());
  EXPECT_TRUE(same(*value_of(turns_.find_conversation("c1")), expected));
  EXPECT_TRUE(same(value_of(turns_.list_conversations("u1", "", 10)), {expected}));
  EXPECT_FALSE(value_of(turns_.find_conversation("c2")));
}

TEST_P(ConversationContract, is_updated_by_the_end_of_a_turn) {
  begin("t1", "c1", 1000);
  begin("t2", "c1", 1100);
  finish("t1", 4000);
  finish("t2", 3000);
  EXPECT_EQ(value_of(turns_.find_conversation("c1"))->updated, 4000);
  EXPECT_EQ(value_of(turns_.find_conversation("c1"))->last_turn_id, "t2");
}

TEST_P(ConversationContract, belongs_to_the_user_who_began_it) {
  begin("t1", "c1", 1000);
  begin("foreign", "c1", 2000, "u2");
  finish("foreign", 3000);
  const auto conversation = *value_of(turns_.find_conversation("c1"));
  EXPECT_EQ(conversation.user_id, "u1");
  EXPECT_EQ(conversation.turns, 1);
  EXPECT_EQ(conversation.last_turn_id, "t1");
  EXPECT_EQ(conversation.updated, 1000);
  EXPECT_TRUE(listed("", 10, "u2").empty());
}

TEST_P(ConversationContract, are_listed_newest_first_and_page_by_page) {
  begin("t1", "c1", 1000);
  begin("t2", "c2", 3000);
  begin("t3", "c3", 2000);
  begin("t4", "c4", 2000);
  begin("t5", "of another", 9000, "u2");
  EXPECT_EQ(listed("", 10), (Ids{"c2", "c4", "c3", "c1"}));
  EXPECT_EQ(listed("", 2), (Ids{"c2", "c4"}));
  EXPECT_EQ(listed("c4", 2), (Ids{"c3", "c1"}));
  EXPECT_EQ(listed("c3", 10), Ids{"c1"});
  EXPECT_EQ(listed("c1", 10), Ids());
  EXPECT_EQ(listed("", 0), Ids());
  EXPECT_EQ(listed("", -1), Ids());
  EXPECT_EQ(listed("", 10, "nobody"), Ids());
  EXPECT_EQ(error_of(turns_.list_conversations("u1", "nowhere", 10)).code, ErrorCode::not_found);
  EXPECT_EQ(error_of(turns_.list_conversations("u1", "of another", 10)).code, ErrorCode::not_found);
  finish("t1", 5000);
  EXPECT_EQ(listed("", 10), (Ids{"c1", "c2", "c4", "c3"}));
}

TEST_P(ConversationContract, lists_all_its_turns_in_order) {
  for (const auto* id : {"t3", "t1", "t2"}) begin(id, "c1", 1000);
  begin("other", "c2", 1000);
  finish("t1", 2000);
  const auto turns = value_of(turns_.list_turns("c1"));
  EXPECT_EQ(ids_of(turns), (Ids{"t3", "t1", "t2"}));
  EXPECT_EQ(turns[1].reply, finished_turn("t1").reply);
  EXPECT_TRUE(value_of(turns_.list_turns("nowhere")).empty());
}

TEST_P(ConversationContract, removal_takes_its_turns_events_and_vectors) {
  for (const auto* id : {"t1", "t2"}) begin(id, "c1", 1000);
  begin("kept", "c2", 1000);
  for (const auto* id : {"t1", "t2", "kept"}) {
    value_of(turns_.append_events(id, 1, tokens({"said"})));
    value_of(turns_.finish(finished_turn(id), 2, {}));
    value_of(stores_->recall().put_turn_vector(id, "m", {1.0F, 0.0F}));
  }
  value_of(turns_.remove_conversation("c1"));
  EXPECT_FALSE(value_of(turns_.find("t1")));
  EXPECT_FALSE(value_of(turns_.find_conversation("c1")));
  EXPECT_TRUE(value_of(turns_.events("t2", 0, 10)).empty());
  EXPECT_TRUE(value_of(turns_.list_turns("c1")).empty());
  EXPECT_EQ(value_of(turns_.count()), 1);
  EXPECT_EQ(listed("", 10), Ids{"c2"});
  EXPECT_EQ(value_of(turns_.events("kept", 0, 10)).size(), 1U);
  EXPECT_EQ(value_of(stores_->recall().recollections("u1", "arieol", "m", 10)).size(), 1U);
  EXPECT_EQ(error_of(turns_.remove_conversation("c1")).code, ErrorCode::not_found);

  begin("t1", "c1", 7000);
  EXPECT_EQ(value_of(turns_.find_conversation("c1"))->turns, 1) << "a name that is free again can be used again";
  EXPECT_TRUE(value_of(turns_.events("t1", 0, 10)).empty());
}

TEST_P(ConversationContract, is_not_removed_while_a_turn_runs) {
  begin("t1", "c1", 1000);
  begin("t2", "c1", 1000);
  finish("t1", 2000);
  EXPECT_EQ(error_of(turns_.remove_conversation("c1")).code, ErrorCode::conflict);
  EXPECT_EQ(value_of(turns_.list_turns("c1")).size(), 2U);
  finish("t2", 2000);
  value_of(turns_.remove_conversation("c1"));
}

}  // namespace
}  // namespace gibsey::store::testing
