#include "store/memory/outbox_store.hpp"
#include "store/sqlite/connection.hpp"
#include "store/sqlite/outbox_store.hpp"
#include "store/testing/await.hpp"
#include "store/testing/same_fields.hpp"
#include "store/testing/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include <limits>
#include <memory>
#include <ostream>
#include <set>

namespace gibsey::store::testing {
namespace {

constexpr auto kEver = std::numeric_limits<UnixMillis>::max();

/// An empty outbox of one backend, with what it lives in.
class OwnedOutbox {
 public:
  virtual ~OwnedOutbox() = default;
  virtual OutboxStore& outbox() = 0;
};

class InMemory final : public OwnedOutbox {
 public:
  OutboxStore& outbox() override { return outbox_; }

 private:
  MemoryOutboxStore outbox_;
};

class InSqlite final : public OwnedOutbox {
 public:
  OutboxStore& outbox() override { return *outbox_; }

 private:
  TemporaryFolder folder_;
  std::unique_ptr<SqliteOutboxStore> outbox_ = SqliteOutboxStore::open(folder_.path()).value();
};

struct OutboxBackend {
  const char* name;
  std::unique_ptr<OwnedOutbox> (*open)();
  friend void PrintTo(const OutboxBackend& backend, std::ostream* out) { *out << backend.name; }
};

class OutboxContract : public ::testing::TestWithParam<OutboxBackend> {
 protected:
  std::unique_ptr<OwnedOutbox> owned_ = GetParam().open();
  OutboxStore& outbox_ = owned_->outbox();

  static model::CreditHold hold_of(const std::string& turn, int amount = 5) {
    return {.id = "remote-" + turn, .user_id = "u1", .turn_id = turn, .amount = amount, .created = 1000};
  }
  void begin(const std::string& turn, int amount = 5) { value_of(outbox_.begin_hold(hold_of(turn, amount))); }
  void taken(const std::string& turn, int amount = 5) {
    begin(turn, amount);
    value_of(outbox_.confirm_hold("remote-" + turn, "entry-" + turn, 95));
  }
  std::vector<GiveBack> waiting() { return value_of(outbox_.due_give_backs(kEver, 100)); }
  model::LedgerEntry release(const std::string& turn) {
    return value_of(outbox_.end_hold("remote-" + turn, 0, "release", "failed"));
  }
};
INSTANTIATE_TEST_SUITE_P(
    Stores, OutboxContract,
    ::testing::Values(OutboxBackend{"memory", [] { return std::unique_ptr<OwnedOutbox>(std::make_unique<InMemory>()); }},
                      OutboxBackend{"sqlite", [] { return std::unique_ptr<OwnedOutbox>(std::make_unique<InSqlite>()); }}),
    [](const auto& backend) { return std::string(backend.param.name); });

TEST_P(OutboxContract, a_hold_is_open_from_before_the_ledger_is_asked_until_it_ends) {
  begin("t1");
  begin("t2", 7);
  auto open = value_of(outbox_.open_holds());
  ASSERT_EQ(open.size(), 2U);
  EXPECT_TRUE(same(open[0], hold_of("t1")));
  EXPECT_TRUE(same(open[1], hold_of("t2", 7)));
  value_of(outbox_.confirm_hold("remote-t1", "e1", 42));
  EXPECT_EQ(value_of(outbox_.open_holds())[0].balance, 42);
  release("t1");
  open = value_of(outbox_.open_holds());
  ASSERT_EQ(open.size(), 1U);
  EXPECT_EQ(open[0].turn_id, "t2");
  value_of(outbox_.verify());
}

TEST_P(OutboxContract, an_id_is_taken_once) {
  begin("t1");
  EXPECT_EQ(error_of(outbox_.begin_hold(hold_of("t1", 6))).code, ErrorCode::conflict);
  EXPECT_EQ(value_of(outbox_.open_holds())[0].amount, 5);
  release("t1");
  EXPECT_EQ(error_of(outbox_.begin_hold(hold_of("t1"))).code, ErrorCode::conflict) << "after its end too";
}

TEST_P(OutboxContract, a_dropped_hold_leaves_nothing) {
  begin("t1");
  value_of(outbox_.drop_hold("remote-t1"));
  EXPECT_TRUE(value_of(outbox_.open_holds()).empty());
  EXPECT_EQ(error_of(outbox_.drop_hold("remote-t1")).code, ErrorCode::not_found);
  EXPECT_EQ(error_of(outbox_.end_hold("remote-t1", 0, "release", "x")).code, ErrorCode::not_found);
  EXPECT_EQ(error_of(outbox_.confirm_hold("remote-t1", "e", 1)).code, ErrorCode::not_found);
  begin("t1");
  release("t1");
  EXPECT_EQ(error_of(outbox_.drop_hold("remote-t1")).code, ErrorCode::conflict);
  EXPECT_EQ(waiting().size(), 1U);
}

TEST_P(OutboxContract, a_full_charge_leaves_nothing_to_give_back) {
  taken("t1");
  const auto receipt = value_of(outbox_.end_hold("remote-t1", 5, "settle", "complete"));
  EXPECT_EQ(receipt.kind, "settle");
  EXPECT_EQ(receipt.amount, 0);
  EXPECT_EQ(receipt.balance, 95);
  EXPECT_EQ(receipt.reason, "complete");
  EXPECT_EQ(receipt.ref, "remote-t1");
  EXPECT_EQ(receipt.user_id, "u1");
  EXPECT_GT(receipt.number, 0);
  EXPECT_FALSE(receipt.id.empty());
  EXPECT_TRUE(waiting().empty());
  EXPECT_FALSE(value_of(outbox_.next_due()));
  value_of(outbox_.verify());
}

TEST_P(OutboxContract, what_is_not_charged_waits_to_be_given_back) {
  taken("t1");
  const auto receipt = value_of(outbox_.end_hold("remote-t1", 3, "settle", "partly"));
  EXPECT_EQ(receipt.amount, 2);
  EXPECT_EQ(receipt.balance, 97);
  EXPECT_EQ(receipt.reason, "partly; given back by the outbox");
  const auto due = waiting();
  ASSERT_EQ(due.size(), 1U);
  EXPECT_EQ(due[0].hold_id, "remote-t1");
  EXPECT_EQ(due[0].user_id, "u1");
  EXPECT_EQ(due[0].amount, 2);
  EXPECT_EQ(due[0].ref, "entry-t1");
  EXPECT_TRUE(due[0].confirmed);
  EXPECT_EQ(due[0].reason, receipt.reason);
  EXPECT_EQ(due[0].attempts, 0);
  EXPECT_EQ(due[0].created, receipt.created);
  EXPECT_EQ(value_of(outbox_.count_waiting()), 1);
  value_of(outbox_.verify());
}

TEST_P(OutboxContract, without_an_answer_the_key_names_what_is_given_back_and_no_balance_is_told) {
  begin("t1");
  const auto receipt = release("t1");
  EXPECT_EQ(receipt.kind, "release");
  EXPECT_EQ(receipt.balance, 0);
  const auto due = waiting();
  ASSERT_EQ(due.size(), 1U);
  EXPECT_EQ(due[0].ref, "t1");
  EXPECT_FALSE(due[0].confirmed);

  begin("t2");
  value_of(outbox_.confirm_hold("remote-t2", "", std::nullopt));
  EXPECT_EQ(release("t2").balance, 0);
  EXPECT_EQ(waiting()[1].ref, "t2");
  EXPECT_TRUE(waiting()[1].confirmed);
}

TEST_P(OutboxContract, an_ending_is_repeated_and_never_changed) {
  taken("t1");
  const auto receipt = value_of(outbox_.end_hold("remote-t1", 3, "settle", "partly"));
  EXPECT_TRUE(same(value_of(outbox_.end_hold("remote-t1", 3, "settle", "another rule")), receipt));
  EXPECT_EQ(error_of(outbox_.end_hold("remote-t1", 5, "settle", "x")).code, ErrorCode::conflict);
  EXPECT_EQ(error_of(outbox_.end_hold("remote-t1", 0, "release", "x")).code, ErrorCode::conflict);
  EXPECT_EQ(error_of(outbox_.end_hold("remote-t1", 6, "settle", "x")).code, ErrorCode::invalid_argument);
  EXPECT_EQ(error_of(outbox_.end_hold("remote-t1", -1, "settle", "x")).code, ErrorCode::invalid_argument);
  EXPECT_EQ(waiting().size(), 1U);
  taken("t2");
  EXPECT_TRUE(same(value_of(outbox_.end_hold("remote-t2", 0, "settle", "other kind")), release("t2")));
}

TEST_P(OutboxContract, give_backs_come_when_they_are_due_longest_due_first) {
  for (const auto* turn : {"t1", "t2", "t3"}) {
    taken(turn);
    release(turn);
  }
  const auto all = waiting();
  ASSERT_EQ(all.size(), 3U);
  value_of(outbox_.put_off(all[0].number, 3000));
  value_of(outbox_.put_off(all[1].number, 1000));
  value_of(outbox_.put_off(all[2].number, 2000));
  EXPECT_EQ(value_of(outbox_.next_due()), 1000);
  EXPECT_TRUE(value_of(outbox_.due_give_backs(999, 10)).empty());
  const auto due = value_of(outbox_.due_give_backs(2000, 10));
  ASSERT_EQ(due.size(), 2U);
  EXPECT_EQ(due[0].number, all[1].number);
  EXPECT_EQ(due[1].number, all[2].number);
  EXPECT_EQ(due[0].attempts, 1);
  EXPECT_EQ(value_of(outbox_.due_give_backs(3000, 1)).size(), 1U);
  EXPECT_TRUE(value_of(outbox_.due_give_backs(3000, 0)).empty());
}

TEST_P(OutboxContract, a_closed_give_back_stays_closed) {
  for (const auto* turn : {"t1", "t2", "t3"}) {
    taken(turn);
    release(turn);
  }
  const auto all = waiting();
  value_of(outbox_.close_give_back(all[0].number, Delivery::given));
  value_of(outbox_.close_give_back(all[1].number, Delivery::unknown));
  value_of(outbox_.close_give_back(all[2].number, Delivery::refused));
  value_of(outbox_.put_off(all[0].number, 1));
  value_of(outbox_.close_give_back(all[0].number, Delivery::refused));
  EXPECT_TRUE(waiting().empty());
  EXPECT_EQ(value_of(outbox_.count_waiting()), 0);
  EXPECT_EQ(value_of(outbox_.count_refused()), 1) << "the first word counts";
  EXPECT_EQ(release("t1").amount, 5) << "the receipt stays";
  value_of(outbox_.verify());
}

TEST_P(OutboxContract, of_many_endings_at_once_one_counts) {
  taken("t1", 10);
  std::vector<boost::asio::awaitable<void>> operations;
  std::vector<std::optional<Result<model::LedgerEntry>>> answers(40);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    operations.push_back(keep_answer(outbox_.end_hold("remote-t1", static_cast<int>(i % 4), "settle", "race"), answers[i]));
  }
  run_all(std::move(operations), 4);
  std::set<std::int64_t> receipts;
  for (const auto& answer : answers) {
    if (*answer) receipts.insert((*answer)->number);
  }
  EXPECT_EQ(receipts.size(), 1U);
  EXPECT_EQ(waiting().size(), 1U);
  value_of(outbox_.verify());
}

TEST(SqliteOutbox, keeps_everything_over_a_restart) {
  const TemporaryFolder folder;
  model::LedgerEntry receipt;
  {
    const auto outbox = SqliteOutboxStore::open(folder.path()).value();
    for (const auto* turn : {"t1", "t2"}) {
      value_of(outbox->begin_hold({.id = turn, .user_id = "u1", .turn_id = turn, .amount = 5, .created = 7}));
      value_of(outbox->confirm_hold(turn, std::string("entry of ") + turn, 90));
    }
    receipt = value_of(outbox->end_hold("t1", 2, "settle", "partly"));
    value_of(outbox->put_off(receipt.number, 1234));
  }
  const auto outbox = SqliteOutboxStore::open(folder.path()).value();
  EXPECT_TRUE(same(value_of(outbox->end_hold("t1", 2, "settle", "partly")), receipt));
  const auto open = value_of(outbox->open_holds());
  ASSERT_EQ(open.size(), 1U);
  EXPECT_EQ(open[0].id, "t2");
  EXPECT_EQ(open[0].balance, 90);
  const auto due = value_of(outbox->due_give_backs(1234, 10));
  ASSERT_EQ(due.size(), 1U);
  EXPECT_EQ(due[0].ref, "entry of t1");
  EXPECT_EQ(due[0].attempts, 1);
  EXPECT_EQ(due[0].amount, 3);
}

TEST(SqliteOutbox, verify_names_what_does_not_fit) {
  const TemporaryFolder folder;
  const auto outbox = SqliteOutboxStore::open(folder.path()).value();
  for (const auto* id : {"open", "ended"}) {
    value_of(outbox->begin_hold({.id = id, .user_id = "u1", .turn_id = id, .amount = 5, .created = 7}));
  }
  value_of(outbox->end_hold("ended", 2, "settle", "partly"));
  value_of(outbox->verify());
  const auto tamper = [&folder](const std::string& sql) {
    const auto db = sqlite::Connection::open((folder.path() / "outbox.db").string(), sqlite::Access::read_write).value();
    ASSERT_TRUE(db->run_script(("PRAGMA foreign_keys = OFF;" + sql).c_str()));
  };
  struct Damage {
    const char* hold;
    const char* done;
    const char* undone;
  };
  for (const auto& [hold, done, undone] : std::vector<Damage>{
           {"open", "UPDATE holds SET ended = 1 WHERE id = 'open'", "UPDATE holds SET ended = 0 WHERE id = 'open'"},
           {"ended", "UPDATE endings SET charged = 4", "UPDATE endings SET charged = 2"},
           {"ended", "UPDATE endings SET delivery = 'nothing'", "UPDATE endings SET delivery = 'waiting'"},
           {"ended", "UPDATE holds SET amount = 6 WHERE id = 'ended'", "UPDATE holds SET amount = 5 WHERE id = 'ended'"}}) {
    tamper(done);
    const auto error = error_of(outbox->verify());
    EXPECT_EQ(error.code, ErrorCode::corrupt);
    EXPECT_NE(error.message.find(fmt::format("hold {} ", hold)), std::string::npos) << done << ": " << error.message;
    tamper(undone);
    value_of(outbox->verify());
  }
}

}  // namespace
}  // namespace gibsey::store::testing
