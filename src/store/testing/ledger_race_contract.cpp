// Many callers on few users, at random: whatever the order, the ledger adds up.
#include "store/testing/await.hpp"
#include "store/testing/backends.hpp"

#include <fmt/format.h>

#include <map>
#include <random>
#include <string>
#include <vector>

namespace gibsey::store::testing {
namespace {

constexpr int kUsers = 10;
constexpr int kCallers = 64;
constexpr int kSteps = 40;
constexpr int kOpeningGrant = 60;  // small enough for refusals

class LedgerRaceContract : public Contract {
 protected:
  LedgerStore& ledger_ = stores_->ledger();
};
INSTANTIATE_TEST_SUITE_P(Stores, LedgerRaceContract, ::testing::ValuesIn(ledger_backends()), name_of);

/// How often each thing happened, of one caller.
using Counts = std::map<std::string, int>;

class Caller {
 public:
  Caller(LedgerStore& ledger, unsigned seed, Counts& counts) : ledger_(ledger), random_(seed), counts_(counts) {}

  boost::asio::awaitable<void> run() {
    for (int i = 0; i < kSteps; ++i) {
      const auto user = fmt::format("u{}", below(kUsers));
      if (below(2) == 0) {
        co_await debit(user);
      } else {
        co_await hold(user);
      }
    }
  }

 private:
  int below(int bound) { return std::uniform_int_distribution<int>(0, bound - 1)(random_); }
  void count(const std::string& what) { ++counts_[what]; }

  /// With keys that other callers use too; half of what was taken is given back.
  boost::asio::awaitable<void> debit(std::string user) {
    const auto key = fmt::format("k{}", below(30));
    const auto outcome = co_await ledger_.debit(user, 1 + below(3), key, kOpeningGrant);
    if (!outcome) {
      count(outcome.error().code == ErrorCode::conflict ? "debit conflict" : "broken");
      co_return;
    }
    const auto* entry = std::get_if<model::LedgerEntry>(&*outcome);
    count(entry == nullptr ? "debit refused" : "debit");
    if (entry == nullptr || below(2) == 0) co_return;
    const auto given = co_await ledger_.give_back(user, -entry->amount, below(2) == 0 ? key : entry->id, "race");
    count(given ? "give back" : "broken");
  }

  boost::asio::awaitable<void> hold(std::string user) {
    const int amount = 1 + below(5);
    const auto outcome = co_await ledger_.hold(user, "t", amount, kOpeningGrant);
    if (!outcome) {
      count("broken");
      co_return;
    }
    const auto* held = std::get_if<model::CreditHold>(&*outcome);
    count(held == nullptr ? "hold refused" : "hold");
    if (held == nullptr || below(8) == 0) co_return;  // some stay open
    const auto ended = co_await ledger_.settle(held->id, below(amount + 1), "race");
    count(ended ? "settle" : "broken");
  }

  LedgerStore& ledger_;
  std::mt19937 random_;
  Counts& counts_;
};

TEST_P(LedgerRaceContract, adds_up_whatever_happens_at_once) {
  std::vector<Counts> counts(kCallers);
  std::vector<std::unique_ptr<Caller>> callers;
  std::vector<boost::asio::awaitable<void>> operations;
  for (unsigned i = 0; i < kCallers; ++i) {
    operations.push_back(callers.emplace_back(std::make_unique<Caller>(ledger_, i + 1, counts[i]))->run());
  }
  run_all(std::move(operations), 8);

  Counts all;
  for (const auto& one : counts) {
    for (const auto& [what, times] : one) all[what] += times;
  }
  EXPECT_EQ(all["broken"], 0);
  for (const auto* what : {"debit", "debit conflict", "debit refused", "give back", "hold", "hold refused", "settle"}) {
    EXPECT_GT(all[what], 0) << what << " did not happen: the test is too tame";
  }
  value_of(ledger_.verify());
  for (int i = 0; i < kUsers; ++i) {
    const auto user = fmt::format("u{}", i);
    std::int64_t sum = 0;
    std::map<std::string, int> credits;
    for (const auto& entry : value_of(ledger_.statement(user, 100'000))) {
      sum += entry.amount;
      if (entry.kind == "debit") EXPECT_EQ(++credits["debit " + entry.ref], 1) << "a key took twice";
      if (entry.kind == "credit") EXPECT_EQ(++credits["credit " + entry.ref], 1) << "a thing was given back twice";
    }
    EXPECT_EQ(value_of(ledger_.balance(user)), sum);
    EXPECT_GE(sum, 0);
  }
}

}  // namespace
}  // namespace gibsey::store::testing
