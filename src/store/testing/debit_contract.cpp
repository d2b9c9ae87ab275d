#include "store/testing/await.hpp"
#include "store/testing/backends.hpp"
#include "store/testing/same_fields.hpp"

#include <fmt/format.h>

#include <set>
#include <string>
#include <vector>

namespace gibsey::store::testing {
namespace {

class DebitContract : public Contract {
 protected:
  LedgerStore& ledger_ = stores_->ledger();

  model::LedgerEntry must_debit(const std::string& user, int amount, const std::string& key = "", int opening_grant = 100) {
    return std::get<model::LedgerEntry>(value_of(ledger_.debit(user, amount, key, opening_grant)));
  }
  ErrorCode refusal(const std::string& user, std::int64_t amount, const std::string& ref) {
    return error_of(ledger_.give_back(user, amount, ref, "test")).code;
  }
  std::size_t entries(const std::string& user) { return value_of(ledger_.statement(user, 1000)).size(); }
};
INSTANTIATE_TEST_SUITE_P(Stores, DebitContract, ::testing::ValuesIn(ledger_backends()), name_of);

TEST_P(DebitContract, takes_at_once_after_the_opening_grant) {
  const auto entry = must_debit("u1", 5, "k1");
  EXPECT_EQ(entry.kind, "debit");
  EXPECT_EQ(entry.user_id, "u1");
  EXPECT_EQ(entry.amount, -5);
  EXPECT_EQ(entry.ref, "k1");
  EXPECT_EQ(entry.balance, 95);
  EXPECT_FALSE(entry.id.empty());
  EXPECT_GT(entry.created, 0);
  const auto listed = value_of(ledger_.statement("u1", 10));
  ASSERT_EQ(listed.size(), 2U);
  EXPECT_TRUE(same(listed[0], entry));
  EXPECT_EQ(listed[1].kind, "grant");
  EXPECT_TRUE(value_of(ledger_.open_holds()).empty());
  value_of(ledger_.verify());
}

TEST_P(DebitContract, the_same_key_takes_once) {
  const auto first = must_debit("u1", 5, "k1");
  must_debit("u1", 7, "k2");
  EXPECT_TRUE(same(must_debit("u1", 5, "k1"), first));
  EXPECT_EQ(value_of(ledger_.balance("u1")), 88);
  EXPECT_EQ(error_of(ledger_.debit("u1", 6, "k1", 100)).code, ErrorCode::conflict);
  EXPECT_EQ(must_debit("u2", 6, "k1").balance, 94) << "a key is its user's";
  EXPECT_EQ(value_of(ledger_.balance("u1")), 88);
}

TEST_P(DebitContract, without_a_key_each_takes) {
  EXPECT_NE(must_debit("u1", 5).id, must_debit("u1", 5).id);
  EXPECT_EQ(value_of(ledger_.balance("u1")), 90);
}

TEST_P(DebitContract, beyond_the_balance_changes_nothing) {
  must_debit("u1", 98);
  const auto outcome = std::get<model::InsufficientCredits>(value_of(ledger_.debit("u1", 5, "k1", 100)));
  EXPECT_EQ(outcome.needed, 5);
  EXPECT_EQ(outcome.available, 2);
  EXPECT_EQ(entries("u1"), 2U);
  value_of(ledger_.grant("u1", 10, "more"));
  EXPECT_EQ(must_debit("u1", 5, "k1").balance, 7) << "a key that took nothing is not used up";
  const auto refused = std::get<model::InsufficientCredits>(value_of(ledger_.debit("u2", 500, "k1", 100)));
  EXPECT_EQ(refused.available, 100) << "the opening grant stays";
}

TEST_P(DebitContract, refuses_amounts_that_make_no_sense) {
  EXPECT_EQ(error_of(ledger_.debit("u1", 0, "", 100)).code, ErrorCode::invalid_argument);
  EXPECT_EQ(error_of(ledger_.debit("u1", -1, "", 100)).code, ErrorCode::invalid_argument);
  EXPECT_EQ(error_of(ledger_.debit("u1", 1, "", -100)).code, ErrorCode::invalid_argument);
  EXPECT_EQ(entries("u1"), 0U);
  const auto debit = must_debit("u1", 5);
  EXPECT_EQ(refusal("u1", 0, debit.id), ErrorCode::invalid_argument);
  EXPECT_EQ(refusal("u1", -5, debit.id), ErrorCode::invalid_argument);
}

TEST_P(DebitContract, gives_back_what_is_named_by_id_or_key) {
  const auto by_id = must_debit("u1", 5);
  const auto entry = value_of(ledger_.give_back("u1", 5, by_id.id, "the model failed"));
  EXPECT_EQ(entry.kind, "credit");
  EXPECT_EQ(entry.amount, 5);
  EXPECT_EQ(entry.ref, by_id.id);
  EXPECT_EQ(entry.reason, "the model failed");
  EXPECT_EQ(entry.balance, 100);
  must_debit("u1", 7, "k1");
  EXPECT_EQ(value_of(ledger_.give_back("u1", 3, "k1", "a part")).balance, 96);
  EXPECT_EQ(value_of(ledger_.statement("u1", 1))[0].ref, "k1");
  value_of(ledger_.verify());
}

TEST_P(DebitContract, gives_back_once) {
  const auto debit = must_debit("u1", 7, "k1");
  const auto first = value_of(ledger_.give_back("u1", 5, "k1", "first"));
  EXPECT_TRUE(same(value_of(ledger_.give_back("u1", 5, "k1", "second")), first));
  EXPECT_EQ(refusal("u1", 2, "k1"), ErrorCode::conflict);
  EXPECT_TRUE(same(value_of(ledger_.give_back("u1", 5, debit.id, "by its other name")), first));
  EXPECT_EQ(refusal("u1", 2, debit.id), ErrorCode::conflict);
  EXPECT_EQ(value_of(ledger_.balance("u1")), 98);

  const auto other = must_debit("u1", 7, "k2");
  value_of(ledger_.give_back("u1", 7, other.id, "by id first"));
  value_of(ledger_.give_back("u1", 7, "k2", "then by key"));
  EXPECT_EQ(value_of(ledger_.balance("u1")), 98);
  EXPECT_TRUE(same(must_debit("u1", 7, "k1"), debit)) << "a key stays used";
}

TEST_P(DebitContract, never_gives_back_more_than_was_taken) {
  const auto debit = must_debit("u1", 5);
  EXPECT_EQ(refusal("u1", 6, debit.id), ErrorCode::conflict);
  const auto grant = value_of(ledger_.statement("u1", 10)).back();
  EXPECT_EQ(refusal("u1", 1, grant.id), ErrorCode::conflict) << "a grant took nothing";
  const auto credit = value_of(ledger_.give_back("u1", 5, debit.id, "all"));
  EXPECT_EQ(refusal("u1", 5, credit.id), ErrorCode::conflict);
  EXPECT_EQ(value_of(ledger_.balance("u1")), 100);
}

TEST_P(DebitContract, of_a_hold_gives_back_what_was_charged) {
  const auto hold = std::get<model::CreditHold>(value_of(ledger_.hold("u1", "t1", 5, 100)));
  EXPECT_EQ(refusal("u1", 1, hold.id), ErrorCode::conflict) << "an open hold is released, not given back";
  const auto settled = value_of(ledger_.settle(hold.id, 3, "complete"));
  EXPECT_EQ(refusal("u1", 4, hold.id), ErrorCode::conflict);
  EXPECT_EQ(refusal("u1", 2, settled.id), ErrorCode::conflict) << "it is the hold that took";
  EXPECT_EQ(refusal("u1", 3, "t1"), ErrorCode::not_found) << "a hold has no key";
  EXPECT_EQ(value_of(ledger_.give_back("u1", 3, hold.id, "by the operator")).balance, 100);
  value_of(ledger_.verify());
}

TEST_P(DebitContract, gives_nothing_back_for_what_the_user_does_not_have) {
  const auto debit = must_debit("u1", 5, "k1");
  for (const auto* ref : {"unknown", ""}) EXPECT_EQ(refusal("u1", 1, ref), ErrorCode::not_found) << ref;
  for (const auto& ref : {debit.id, std::string("k1")}) EXPECT_EQ(refusal("u2", 1, ref), ErrorCode::not_found) << ref;
  EXPECT_EQ(entries("u2"), 0U);
}

TEST_P(DebitContract, of_many_with_one_key_at_once_one_takes) {
  std::vector<boost::asio::awaitable<void>> operations;
  std::vector<std::optional<Result<model::DebitOutcome>>> outcomes(8);
  for (auto& outcome : outcomes) operations.push_back(keep_answer(ledger_.debit("u1", 5, "k1", 100), outcome));
  run_all(std::move(operations), 8);
  std::set<std::string> ids;
  for (const auto& outcome : outcomes) ids.insert(std::get<model::LedgerEntry>(outcome->value()).id);
  EXPECT_EQ(ids.size(), 1U);
  EXPECT_EQ(value_of(ledger_.balance("u1")), 95);

  std::vector<boost::asio::awaitable<void>> returns;
  std::vector<std::optional<Result<model::LedgerEntry>>> answers(8);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    returns.push_back(keep_answer(ledger_.give_back("u1", 5, i % 2 == 0 ? "k1" : *ids.begin(), "race"), answers[i]));
  }
  run_all(std::move(returns), 8);
  for (const auto& answer : answers) EXPECT_EQ(answer->value().id, answers[0]->value().id);
  EXPECT_EQ(value_of(ledger_.balance("u1")), 100);
  EXPECT_EQ(entries("u1"), 3U);
}

}  // namespace
}  // namespace gibsey::store::testing
