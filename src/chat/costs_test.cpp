#include "chat/costs.hpp"

#include <gtest/gtest.h>

namespace gibsey::chat {
namespace {

Costs parsed(const std::string& text) {
  auto costs = parse_costs(text);
  EXPECT_TRUE(costs) << costs.error().message;
  return costs.value_or(Costs());
}

TEST(Costs, AreReadFromOneLine) {
  EXPECT_EQ(parsed(""), Costs());
  EXPECT_EQ(parsed("persona=2/1,entrance-way:ask=7/2"), (Costs{{"persona", {2, 1}}, {"entrance-way:ask", {7, 2}}}));
  EXPECT_EQ(parsed(" facade = 0 / 0 , cited=1000000/0,"), (Costs{{"facade", {0, 0}}, {"cited", {1'000'000, 0}}}));
}

TEST(Costs, WhatIsWrongIsQuoted) {
  for (const std::string part :
       {"persona", "persona=2", "persona=2/", "persona=/1", "persona=2/1/1", "persona=-1/1", "persona=2.5/1", "=2/1", ":ask=2/1",
        "persona=1000001/1", "persona=99999999999/1", "persona=two/1"}) {
    const auto costs = parse_costs("ask=7/2," + part);
    ASSERT_FALSE(costs) << part;
    EXPECT_EQ(costs.error().code, ErrorCode::invalid_argument);
    EXPECT_NE(costs.error().message.find("'" + part + "' must be DIALECT=CHARACTER/NARRATOR"), std::string::npos)
        << costs.error().message;
  }
  for (const std::string part : {"chat=2/1", "entrance-way:chat=2/1", "entrance-way:=2/1", "a:b:ask=2/1"}) {
    const auto costs = parse_costs(part);
    ASSERT_FALSE(costs) << part;
    EXPECT_NE(costs.error().message.find("there are turns, ask, facade, persona, cited, session"), std::string::npos)
        << costs.error().message;
  }
  EXPECT_FALSE(parse_costs("ask=7/2,ask=7/2"));
}

TEST(Costs, TheNearestPriceCounts) {
  const model::World tower{.name = "tower", .character_cost = 6, .narrator_cost = 3};
  const model::World well{.name = "well"};
  const auto costs = parsed("ask=7/2,tower:ask=9/8,well:persona=4/0");
  EXPECT_EQ(cost_of(costs, ask_dialect(), tower, false), 9);
  EXPECT_EQ(cost_of(costs, ask_dialect(), tower, true), 8);
  EXPECT_EQ(cost_of(costs, ask_dialect(), well, false), 7);
  EXPECT_EQ(cost_of(costs, ask_dialect(), well, true), 2);
  EXPECT_EQ(cost_of(costs, turns_dialect(), tower, false), 6);
  EXPECT_EQ(cost_of(costs, turns_dialect(), tower, true), 3);
  EXPECT_EQ(cost_of(costs, persona_dialect({}), well, false), 4);
}

TEST(Costs, WhereNothingIsSetTheDialectsOfCreditsCostTheirDefault) {
  const model::World world{.name = "tower"};
  for (const auto& dialect : {turns_dialect(), ask_dialect(), facade_dialect()}) {
    EXPECT_EQ(cost_of({}, dialect, world, false), 5) << dialect.name;
    EXPECT_EQ(cost_of({}, dialect, world, true), 1) << dialect.name;
  }
  for (const auto& dialect : {persona_dialect({}), cited_dialect(0), session_dialect()}) {
    EXPECT_EQ(cost_of({}, dialect, world, false), 0) << dialect.name;
    EXPECT_EQ(cost_of({}, dialect, world, true), 0) << dialect.name;
  }
}

TEST(Costs, EveryDialectCanBePriced) {
  for (const auto& dialect :
       {turns_dialect(), ask_dialect(), facade_dialect(), persona_dialect({}), cited_dialect(0), session_dialect()}) {
    EXPECT_EQ(cost_of(parsed(dialect.name + "=3/2"), dialect, {.name = "tower"}, true), 2) << dialect.name;
  }
}

}  // namespace
}  // namespace gibsey::chat
