#include "store/testing/await.hpp"
#include "store/testing/backends.hpp"

#include <fmt/format.h>

#include <limits>
#include <set>
#include <string>
#include <vector>

namespace gibsey::store::testing {
namespace {

class LedgerContract : public Contract {
 protected:
  LedgerStore& ledger_ = stores_->ledger();

  model::CreditHold must_hold(const std::string& user, const std::string& turn, int amount, int opening_grant = 100) {
    return std::get<model::CreditHold>(value_of(ledger_.hold(user, turn, amount, opening_grant)));
  }
  std::int64_t sum_of_entries(const std::string& user) {
    std::int64_t sum = 0;
    for (const auto& entry : value_of(ledger_.statement(user, 100'000))) sum += entry.amount;
    return sum;
  }
};
INSTANTIATE_TEST_SUITE_P(Stores, LedgerContract, ::testing::ValuesIn(ledger_backends()), name_of);

TEST_P(LedgerContract, a_new_user_gets_the_opening_grant_once) {
  const auto hold = must_hold("u1", "t1", 5);
  EXPECT_EQ(hold.user_id, "u1");
  EXPECT_EQ(hold.turn_id, "t1");
  EXPECT_EQ(hold.amount, 5);
  EXPECT_EQ(hold.balance, 95);
  EXPECT_GT(hold.created, 0);
  EXPECT_EQ(must_hold("u1", "t2", 5).balance, 90);

  const auto entries = value_of(ledger_.statement("u1", 10));
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(entries[2].kind, "grant");
  EXPECT_EQ(entries[2].amount, 100);
  EXPECT_EQ(entries[2].balance, 100);
  EXPECT_EQ(entries[1].kind, "hold");
  EXPECT_EQ(entries[1].amount, -5);
  EXPECT_EQ(entries[1].ref, "t1");
  EXPECT_EQ(entries[1].balance, 95);
  EXPECT_EQ(entries[0].ref, "t2");
  EXPECT_GT(entries[0].number, entries[1].number);
  EXPECT_NE(entries[0].id, entries[1].id);
}

TEST_P(LedgerContract, a_hold_beyond_the_balance_changes_nothing) {
  must_hold("u1", "t1", 98);
  const auto outcome = std::get<model::InsufficientCredits>(value_of(ledger_.hold("u1", "t2", 5, 100)));
  EXPECT_EQ(outcome.needed, 5);
  EXPECT_EQ(outcome.available, 2);
  EXPECT_EQ(value_of(ledger_.balance("u1")), 2);
  EXPECT_EQ(value_of(ledger_.statement("u1", 10)).size(), 2U);
  EXPECT_EQ(value_of(ledger_.open_holds()).size(), 1U);
  EXPECT_EQ(must_hold("u1", "t3", 2).balance, 0) << "the last credit can be spent";
}

TEST_P(LedgerContract, the_opening_grant_stays_when_the_first_hold_is_refused) {
  const auto outcome = std::get<model::InsufficientCredits>(value_of(ledger_.hold("u1", "t1", 500, 100)));
  EXPECT_EQ(outcome.available, 100);
  EXPECT_EQ(value_of(ledger_.balance("u1")), 100);
  EXPECT_EQ(must_hold("u1", "t2", 5).balance, 95);
}

TEST_P(LedgerContract, without_an_opening_grant_there_is_nothing_to_hold) {
  const auto outcome = std::get<model::InsufficientCredits>(value_of(ledger_.hold("u1", "t1", 5, 0)));
  EXPECT_EQ(outcome.available, 0);
  EXPECT_TRUE(value_of(ledger_.statement("u1", 10)).empty());
  const auto later = std::get<model::InsufficientCredits>(value_of(ledger_.hold("u1", "t2", 5, 100)));
  EXPECT_EQ(later.available, 0) << "the user is known by now";
  EXPECT_EQ(must_hold("u1", "t3", 0).balance, 0) << "a free question needs no credit";
}

TEST_P(LedgerContract, settle_keeps_the_charge_and_gives_the_rest_back) {
  const auto hold = must_hold("u1", "t1", 5);
  const auto entry = value_of(ledger_.settle(hold.id, 3, "complete"));
  EXPECT_EQ(entry.kind, "settle");
  EXPECT_EQ(entry.amount, 2);
  EXPECT_EQ(entry.ref, hold.id);
  EXPECT_EQ(entry.reason, "complete");
  EXPECT_EQ(entry.user_id, "u1");
  EXPECT_EQ(entry.balance, 97);
  EXPECT_EQ(value_of(ledger_.balance("u1")), 97);
  EXPECT_TRUE(value_of(ledger_.open_holds()).empty());
}

TEST_P(LedgerContract, settle_again_answers_the_first_receipt) {
  const auto hold = must_hold("u1", "t1", 5);
  const auto first = value_of(ledger_.settle(hold.id, 5, "complete"));
  must_hold("u1", "t2", 10);
  const auto again = value_of(ledger_.settle(hold.id, 5, "another rule"));
  EXPECT_EQ(again.number, first.number);
  EXPECT_EQ(again.id, first.id);
  EXPECT_EQ(again.balance, 95);
  EXPECT_EQ(again.reason, "complete");
  EXPECT_EQ(value_of(ledger_.balance("u1")), 85);
  EXPECT_EQ(value_of(ledger_.statement("u1", 10)).size(), 4U);
}

TEST_P(LedgerContract, a_hold_that_ended_otherwise_is_a_conflict) {
  const auto charged = must_hold("u1", "t1", 5);
  value_of(ledger_.settle(charged.id, 5, "complete"));
  EXPECT_EQ(error_of(ledger_.settle(charged.id, 4, "complete")).code, ErrorCode::conflict);
  EXPECT_EQ(error_of(ledger_.release(charged.id, "failed")).code, ErrorCode::conflict);
  const auto released = must_hold("u1", "t2", 5);
  value_of(ledger_.release(released.id, "failed"));
  EXPECT_EQ(error_of(ledger_.settle(released.id, 5, "complete")).code, ErrorCode::conflict);
  EXPECT_EQ(value_of(ledger_.balance("u1")), 95);
}

TEST_P(LedgerContract, release_gives_everything_back_once) {
  const auto hold = must_hold("u1", "t1", 5);
  const auto entry = value_of(ledger_.release(hold.id, "failed"));
  EXPECT_EQ(entry.kind, "release");
  EXPECT_EQ(entry.amount, 5);
  EXPECT_EQ(entry.balance, 100);
  EXPECT_EQ(value_of(ledger_.release(hold.id, "failed")).number, entry.number);
  EXPECT_EQ(value_of(ledger_.settle(hold.id, 0, "failed")).number, entry.number);
  EXPECT_EQ(value_of(ledger_.balance("u1")), 100);
}

TEST_P(LedgerContract, refuses_amounts_that_make_no_sense) {
  EXPECT_EQ(error_of(ledger_.hold("u1", "t1", -1, 100)).code, ErrorCode::invalid_argument);
  EXPECT_EQ(error_of(ledger_.hold("u1", "t1", 1, -100)).code, ErrorCode::invalid_argument);
  EXPECT_TRUE(value_of(ledger_.statement("u1", 10)).empty());
  EXPECT_EQ(error_of(ledger_.grant("u1", 0, "x")).code, ErrorCode::invalid_argument);
  EXPECT_EQ(error_of(ledger_.grant("u1", -5, "x")).code, ErrorCode::invalid_argument);
  const auto hold = must_hold("u1", "t1", 5);
  EXPECT_EQ(error_of(ledger_.settle(hold.id, 6, "x")).code, ErrorCode::invalid_argument);
  EXPECT_EQ(error_of(ledger_.settle(hold.id, -1, "x")).code, ErrorCode::invalid_argument);
  EXPECT_EQ(error_of(ledger_.settle("unknown", 1, "x")).code, ErrorCode::not_found);
  EXPECT_EQ(error_of(ledger_.release("unknown", "x")).code, ErrorCode::not_found);
  EXPECT_EQ(value_of(ledger_.balance("u1")), 95);
}

TEST_P(LedgerContract, grant_makes_an_account_without_the_opening_grant) {
  const auto entry = value_of(ledger_.grant("u1", 7, "by the operator"));
  EXPECT_EQ(entry.kind, "grant");
  EXPECT_EQ(entry.amount, 7);
  EXPECT_EQ(entry.reason, "by the operator");
  EXPECT_EQ(entry.balance, 7);
  EXPECT_EQ(value_of(ledger_.grant("u1", 3, "again")).balance, 10);
  EXPECT_EQ(must_hold("u1", "t1", 5).balance, 5);
}

TEST_P(LedgerContract, a_balance_cannot_overflow) {
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  value_of(ledger_.grant("u1", kMost, "all there is"));
  EXPECT_EQ(error_of(ledger_.grant("u1", 1, "one more")).code, ErrorCode::invalid_argument);
  EXPECT_EQ(value_of(ledger_.balance("u1")), kMost);
}

TEST_P(LedgerContract, balance_of_an_unknown_user_is_nothing) {
  EXPECT_EQ(value_of(ledger_.balance("nobody")), 0);
  EXPECT_TRUE(value_of(ledger_.statement("nobody", 10)).empty());
}

TEST_P(LedgerContract, statement_is_newest_first_and_of_one_user) {
  for (int i = 0; i < 4; ++i) {
    value_of(ledger_.grant("u1", i + 1, fmt::format("grant {}", i)));
    value_of(ledger_.grant("u2", 100, "another"));
  }
  const auto entries = value_of(ledger_.statement("u1", 3));
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(entries[0].reason, "grant 3");
  EXPECT_EQ(entries[2].reason, "grant 1");
  EXPECT_TRUE(value_of(ledger_.statement("u1", 0)).empty());
  EXPECT_TRUE(value_of(ledger_.statement("u1", -1)).empty());
}

TEST_P(LedgerContract, open_holds_are_listed_oldest_first) {
  const auto first = must_hold("u2", "t1", 5);
  const auto second = must_hold("u1", "t2", 6);
  const auto third = must_hold("u2", "t3", 7);
  value_of(ledger_.settle(second.id, 6, "complete"));
  const auto open = value_of(ledger_.open_holds());
  ASSERT_EQ(open.size(), 2U);
  EXPECT_EQ(open[0].id, first.id);
  EXPECT_EQ(open[0].user_id, "u2");
  EXPECT_EQ(open[0].turn_id, "t1");
  EXPECT_EQ(open[0].amount, 5);
  EXPECT_EQ(open[0].balance, 95);
  EXPECT_EQ(open[0].created, first.created);
  EXPECT_EQ(open[1].id, third.id);
}

TEST_P(LedgerContract, of_many_holds_at_once_exactly_those_paid_for_succeed) {
  constexpr int kPrice = 2;
  constexpr std::size_t kPaidFor = 50;
  std::vector<boost::asio::awaitable<void>> operations;
  std::vector<std::optional<Result<model::HoldOutcome>>> outcomes(200);
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    operations.push_back(keep_answer(ledger_.hold("u1", fmt::format("t{}", i), kPrice, kPrice * kPaidFor), outcomes[i]));
  }
  run_all(std::move(operations), 4);

  std::set<std::string> ids;
  for (const auto& outcome : outcomes) {
    if (const auto* hold = std::get_if<model::CreditHold>(&outcome->value())) ids.insert(hold->id);
  }
  EXPECT_EQ(ids.size(), kPaidFor);
  EXPECT_EQ(value_of(ledger_.balance("u1")), 0);
  EXPECT_EQ(sum_of_entries("u1"), 0);
  EXPECT_EQ(value_of(ledger_.statement("u1", 1000)).size(), kPaidFor + 1) << "one grant and the holds that were paid for";
  EXPECT_EQ(value_of(ledger_.open_holds()).size(), kPaidFor);
  value_of(ledger_.verify());
}

TEST_P(LedgerContract, of_many_endings_at_once_one_counts) {
  const auto hold = must_hold("u1", "t1", 10);
  std::vector<boost::asio::awaitable<void>> operations;
  std::vector<std::optional<Result<model::LedgerEntry>>> answers(40);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    operations.push_back(keep_answer(ledger_.settle(hold.id, static_cast<int>(i % 4), "race"), answers[i]));
  }
  run_all(std::move(operations), 4);
  std::set<std::int64_t> receipts;
  int conflicts = 0;
  for (const auto& answer : answers) {
    if (*answer) {
      receipts.insert((*answer)->number);
    } else {
      EXPECT_EQ(answer->error().code, ErrorCode::conflict);
      ++conflicts;
    }
  }
  EXPECT_EQ(receipts.size(), 1U);
  EXPECT_EQ(conflicts, 30);
  EXPECT_EQ(value_of(ledger_.balance("u1")), sum_of_entries("u1"));
  value_of(ledger_.verify());
}

}  // namespace
}  // namespace gibsey::store::testing
