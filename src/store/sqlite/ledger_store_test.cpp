#include "store/sqlite/ledger_store.hpp"

#include "store/sqlite/connection.hpp"
#include "store/testing/await.hpp"
#include "store/testing/temporary_folder.hpp"

#include <gtest/gtest.h>

namespace gibsey::store {
namespace {

using sqlite::Access;
using sqlite::Connection;
using testing::error_of;
using testing::value_of;

class SqliteLedgerTest : public ::testing::Test {
 protected:
  /// What another hand does to the file.
  Result<void> tamper(const char* sql) {
    return Connection::open((folder_.path() / "ledger.db").string(), Access::read_write).value()->run_script(sql);
  }

  testing::TemporaryFolder folder_;
  std::unique_ptr<SqliteLedgerStore> ledger_ = SqliteLedgerStore::open(folder_.path()).value();
};

TEST_F(SqliteLedgerTest, entries_cannot_be_changed_deleted_or_replaced) {
  value_of(ledger_->grant("u1", 100, "first"));
  for (const auto* sql :
       {"UPDATE entries SET amount = 1000", "DELETE FROM entries",
        "INSERT OR REPLACE INTO entries VALUES (1, 'x', 'u1', 'grant', 100, '', '', 100, 0)",
        "INSERT INTO entries VALUES (NULL, 'x', 'u1', 'grant', 50, '', '', 150, 0)",
        "INSERT INTO entries VALUES (NULL, 'x', 'u2', 'grant', 50, '', '', 50, 0)", "UPDATE accounts SET balance = -1"}) {
    EXPECT_FALSE(tamper(sql)) << sql;
  }
  const auto entries = value_of(ledger_->statement("u1", 10));
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].amount, 100);
  value_of(ledger_->verify());
}

TEST_F(SqliteLedgerTest, a_balance_that_was_tampered_with_is_found_at_the_next_write) {
  value_of(ledger_->grant("u1", 100, "first"));
  const auto hold = std::get<model::CreditHold>(value_of(ledger_->hold("u1", "t1", 5, 0)));
  ASSERT_TRUE(tamper("UPDATE accounts SET balance = 1000 WHERE user_id = 'u1'"));
  EXPECT_EQ(error_of(ledger_->hold("u1", "t2", 5, 0)).code, ErrorCode::corrupt);
  EXPECT_EQ(error_of(ledger_->settle(hold.id, 5, "x")).code, ErrorCode::corrupt);
  EXPECT_EQ(error_of(ledger_->grant("u1", 5, "x")).code, ErrorCode::corrupt);
  EXPECT_EQ(value_of(ledger_->balance("u1")), 1000) << "a refused write leaves all as it was";
  EXPECT_EQ(value_of(ledger_->statement("u1", 10)).size(), 2U);
  const auto error = error_of(ledger_->verify());
  EXPECT_EQ(error.code, ErrorCode::corrupt);
  EXPECT_NE(error.message.find("u1"), std::string::npos) << error.message;
}

TEST_F(SqliteLedgerTest, verify_names_the_first_user_that_differs) {
  for (const auto* user : {"c", "b", "a"}) value_of(ledger_->grant(user, 100, "first"));
  value_of(ledger_->verify());
  ASSERT_TRUE(tamper("UPDATE accounts SET balance = 7 WHERE user_id = 'c'; DELETE FROM accounts WHERE user_id = 'b';"));
  const auto error = error_of(ledger_->verify());
  EXPECT_NE(error.message.find("of b is"), std::string::npos) << error.message;
}

TEST_F(SqliteLedgerTest, verify_names_a_hold_that_does_not_fit_its_entries) {
  const auto hold = std::get<model::CreditHold>(value_of(ledger_->hold("u1", "t1", 5, 100)));
  const auto ended = std::get<model::CreditHold>(value_of(ledger_->hold("u1", "t2", 5, 100)));
  value_of(ledger_->settle(ended.id, 5, "complete"));
  value_of(ledger_->verify());
  const auto complaint = [&](const std::string& damage, const std::string& repair) {
    EXPECT_TRUE(tamper(("PRAGMA foreign_keys = OFF;" + damage).c_str()));
    const auto error = error_of(ledger_->verify());
    EXPECT_EQ(error.code, ErrorCode::corrupt);
    EXPECT_TRUE(tamper(("PRAGMA foreign_keys = OFF;" + repair).c_str()));
    value_of(ledger_->verify());
    return error.message;
  };
  const auto named = [](const std::string& message, const std::string& id) {
    return message.find("hold " + id) != std::string::npos;
  };
  EXPECT_TRUE(
      named(complaint("INSERT INTO holds VALUES ('ghost', 999, NULL, NULL)", "DELETE FROM holds WHERE id = 'ghost'"), "ghost"));
  EXPECT_TRUE(
      named(complaint("INSERT INTO holds VALUES ('grant', 1, NULL, NULL)", "DELETE FROM holds WHERE id = 'grant'"), "grant"));
  EXPECT_TRUE(named(
      complaint("DELETE FROM holds WHERE id = '" + hold.id + "'", "INSERT INTO holds VALUES ('" + hold.id + "', 2, NULL, NULL)"),
      hold.id));
  EXPECT_TRUE(named(complaint("UPDATE holds SET end_entry = 999 WHERE id = '" + ended.id + "'",
                              "UPDATE holds SET end_entry = 4 WHERE id = '" + ended.id + "'"),
                    ended.id));
}

TEST_F(SqliteLedgerTest, the_file_itself_refuses_a_second_debit_with_a_key_and_a_second_return) {
  value_of(ledger_->debit("u1", 5, "k1", 100));
  value_of(ledger_->give_back("u1", 5, "k1", "x"));
  for (const auto* sql :
       {"UPDATE accounts SET balance = 95; INSERT INTO entries VALUES (NULL, 'x', 'u1', 'debit', -5, 'k1', '', 95, 0)",
        "UPDATE accounts SET balance = 105; INSERT INTO entries VALUES (NULL, 'x', 'u1', 'credit', 5, 'k1', '', 105, 0)"}) {
    const auto done = tamper((std::string("BEGIN;") + sql).c_str());
    ASSERT_FALSE(done) << sql;
    EXPECT_EQ(done.error().code, ErrorCode::conflict) << done.error().message;
  }
  value_of(ledger_->verify());
}

TEST_F(SqliteLedgerTest, the_view_shows_the_credits) {
  value_of(ledger_->grant("u1", 100, "first"));
  value_of(ledger_->hold("u1", "t1", 5, 0));
  const auto db = Connection::open((folder_.path() / "ledger.db").string(), Access::read_only).value();
  EXPECT_EQ(db->value<std::int64_t>("SELECT credits FROM ledger WHERE user_id = 'u1'").value(), 95);
}

}  // namespace
}  // namespace gibsey::store
