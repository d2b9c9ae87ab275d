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

class HistoryContract : public Contract {
 protected:
  TurnStore& turns_ = stores_->turns();

  void begin(const std::string& id, const std::string& parent, const std::string& conversation = "c1",
             const std::string& user = "u1") {
    value_of(turns_.begin(sample_turn(id, conversation, user, parent)));
  }
  void tell(const std::string& id, const std::string& parent, const std::string& conversation = "c1",
            const std::string& user = "u1") {
    begin(id, parent, conversation, user);
    value_of(turns_.finish(finished_turn(id, conversation, user, parent), 1, {}));
  }
  Ids way(const std::string& last, int limit, const std::string& user = "u1") {
    return ids_of(value_of(turns_.history(last, user, limit)));
  }
};
INSTANTIATE_TEST_SUITE_P(Stores, HistoryContract, ::testing::ValuesIn(backends()), name_of);

TEST_P(HistoryContract, is_the_way_along_parents_oldest_first) {
  tell("t3", "");
  tell("t1", "t3");
  tell("t2", "t1");
  EXPECT_EQ(way("t2", 10), (Ids{"t3", "t1", "t2"}));
  EXPECT_EQ(way("t1", 10), (Ids{"t3", "t1"}));
  EXPECT_EQ(way("t2", 2), (Ids{"t1", "t2"}));
  EXPECT_EQ(way("t2", 1), Ids{"t2"});
  EXPECT_EQ(way("t2", 0), Ids());
  EXPECT_EQ(way("t2", -1), Ids());
  EXPECT_EQ(way("nowhere", 10), Ids());
  EXPECT_EQ(way("", 10), Ids());
  EXPECT_TRUE(same(value_of(turns_.history("t2", "u1", 1))[0], finished_turn("t2", "c1", "u1", "t1")));
}

TEST_P(HistoryContract, leaves_out_siblings) {
  tell("root", "");
  tell("left", "root");
  tell("right", "root");
  tell("leaf of left", "left");
  tell("leaf of right", "right");
  EXPECT_EQ(way("leaf of left", 10), (Ids{"root", "left", "leaf of left"}));
  EXPECT_EQ(way("leaf of right", 10), (Ids{"root", "right", "leaf of right"}));
}

TEST_P(HistoryContract, goes_through_running_turns_without_them) {
  tell("t1", "");
  begin("t2", "t1");
  begin("t3", "t2");
  tell("t4", "t3");
  begin("t5", "t4");
  EXPECT_EQ(way("t5", 10), (Ids{"t1", "t4"}));
  EXPECT_EQ(way("t5", 2), (Ids{"t1", "t4"})) << "a running turn takes nobody's place";
  EXPECT_EQ(way("t5", 1), Ids{"t4"});
  EXPECT_EQ(way("t3", 10), Ids{"t1"});
}

TEST_P(HistoryContract, ends_at_a_turn_of_another_user_or_conversation) {
  tell("t1", "");
  tell("foreign", "t1", "c1", "u2");
  tell("t2", "foreign");
  tell("t3", "t2");
  EXPECT_EQ(way("t3", 10), (Ids{"t2", "t3"}));
  EXPECT_EQ(way("foreign", 10), Ids());
  EXPECT_EQ(way("foreign", 10, "u2"), Ids{"foreign"});
  EXPECT_EQ(way("t3", 10, "u3"), Ids());
  tell("elsewhere", "t3", "c2");
  EXPECT_EQ(way("elsewhere", 10), Ids{"elsewhere"});
}

TEST_P(HistoryContract, ends_where_a_parent_is_missing_or_came_later) {
  tell("orphan", "nobody");
  EXPECT_EQ(way("orphan", 10), Ids{"orphan"});
  tell("itself", "itself");
  EXPECT_EQ(way("itself", 10), Ids{"itself"});
  begin("x", "y");
  begin("y", "x");
  EXPECT_EQ(way("x", 10), Ids());
  EXPECT_EQ(way("y", 10), Ids());
  tell("z", "y");
  EXPECT_EQ(way("z", 10), Ids{"z"});
}

TEST_P(HistoryContract, has_every_kind_of_ending) {
  const std::vector<model::TurnStatus> endings{model::TurnStatus::complete, model::TurnStatus::stopped, model::TurnStatus::failed,
                                               model::TurnStatus::interrupted};
  std::string parent;
  for (const auto status : endings) {
    auto turn = finished_turn(model::to_string(status), "c1", "u1", parent);
    value_of(turns_.begin(turn));
    turn.status = status;
    value_of(turns_.finish(turn, 1, {}));
    parent = turn.id;
  }
  const auto history = value_of(turns_.history(parent, "u1", 10));
  ASSERT_EQ(history.size(), endings.size());
  for (std::size_t i = 0; i < endings.size(); ++i) EXPECT_EQ(history[i].status, endings[i]);
}

TEST_P(HistoryContract, of_a_long_conversation_is_its_end) {
  std::string parent;
  for (int i = 0; i < 120; ++i) {
    const auto id = fmt::format("t{}", i);
    tell(id, parent);
    parent = id;
  }
  EXPECT_EQ(way("t119", 3), (Ids{"t117", "t118", "t119"}));
  EXPECT_EQ(way("t119", 1000).size(), 120U);
}

}  // namespace
}  // namespace gibsey::store::testing
