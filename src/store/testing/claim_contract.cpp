#include "store/testing/await.hpp"
#include "store/testing/backends.hpp"
#include "store/testing/same_fields.hpp"

#include <fmt/format.h>

#include <set>
#include <string>
#include <vector>

namespace gibsey::store::testing {
namespace {

class ClaimContract : public Contract {
 protected:
  TurnStore& turns_ = stores_->turns();

  static model::IdempotencyClaim sample(const std::string& turn, UnixMillis made = 1000) {
    return {.user_id = "u1", .route = "/ask", .key = "k1", .body_hash = "h1", .turn_id = turn, .made = made};
  }
  /// The turn that holds the claim.
  std::string claim(const model::IdempotencyClaim& claim, UnixMillis not_before = 0) {
    return value_of(turns_.claim(claim, not_before)).turn_id;
  }
};
INSTANTIATE_TEST_SUITE_P(Stores, ClaimContract, ::testing::ValuesIn(backends()), name_of);

TEST_P(ClaimContract, the_first_stands) {
  const auto first = sample("t1");
  ASSERT_EQ(unset_fields(first), std::vector<std::size_t>());
  EXPECT_TRUE(same(value_of(turns_.claim(first, 0)), first));
  auto second = sample("t2", 2000);
  second.body_hash = "h2";
  EXPECT_TRUE(same(value_of(turns_.claim(second, 0)), first));
  EXPECT_TRUE(same(value_of(turns_.claim(second, 1000)), first)) << "it was made at the earliest time that counts";
}

TEST_P(ClaimContract, is_scoped_to_user_route_and_key) {
  claim(sample("t1"));
  auto other_user = sample("t2");
  other_user.user_id = "u2";
  auto other_route = sample("t3");
  other_route.route = "/v1/turns";
  auto other_key = sample("t4");
  other_key.key = "k2";
  EXPECT_EQ(claim(other_user), "t2");
  EXPECT_EQ(claim(other_route), "t3");
  EXPECT_EQ(claim(other_key), "t4");
  EXPECT_EQ(claim(sample("t5")), "t1");
}

TEST_P(ClaimContract, one_that_is_too_old_is_replaced) {
  claim(sample("t1", 1000));
  EXPECT_EQ(claim(sample("t2", 5000), 1001), "t2");
  EXPECT_EQ(claim(sample("t3", 5001), 1001), "t2");
  auto elsewhere = sample("t4", 1000);
  elsewhere.route = "/v1/turns";
  claim(elsewhere);
  claim(sample("t5", 9000), 8000);
  elsewhere.turn_id = "t6";
  EXPECT_EQ(claim(elsewhere, 0), "t4") << "what is too old on one route may not be on another";
}

TEST_P(ClaimContract, a_dropped_one_makes_room) {
  claim(sample("t1"));
  value_of(turns_.drop_claim("another"));
  EXPECT_EQ(claim(sample("t2")), "t1");
  value_of(turns_.drop_claim("t1"));
  EXPECT_EQ(claim(sample("t3")), "t3");
}

TEST_P(ClaimContract, of_many_at_once_one_stands) {
  std::vector<boost::asio::awaitable<void>> operations;
  std::vector<std::optional<Result<model::IdempotencyClaim>>> answers(32);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    operations.push_back(keep_answer(turns_.claim(sample(fmt::format("t{}", i)), 0), answers[i]));
  }
  run_all(std::move(operations), 4);
  std::set<std::string> holders;
  for (const auto& answer : answers) holders.insert(answer->value().turn_id);
  EXPECT_EQ(holders.size(), 1U);
}

}  // namespace
}  // namespace gibsey::store::testing
