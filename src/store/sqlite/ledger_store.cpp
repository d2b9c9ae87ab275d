#include "store/sqlite/ledger_store.hpp"

#include "store/ledger_check.hpp"
#include "store/sqlite/backup.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/ledger_rows.hpp"
#include "store/sqlite/ledger_schema.hpp"

namespace gibsey::store {

using sqlite::Connection;

SqliteLedgerStore::SqliteLedgerStore(std::unique_ptr<sqlite::Database> database) : database_(std::move(database)) {}
SqliteLedgerStore::~SqliteLedgerStore() = default;

Result<std::unique_ptr<SqliteLedgerStore>> SqliteLedgerStore::open(const std::filesystem::path& folder) {
  GIBSEY_TRY(auto database, sqlite::Database::open(folder / "ledger.db", sqlite::ledger_migrations()));
  return std::unique_ptr<SqliteLedgerStore>(new SqliteLedgerStore(std::move(database)));
}

void SqliteLedgerStore::close() {
  database_->close();
}

Async<void> SqliteLedgerStore::backup(std::filesystem::path file) {
  return database_->read([file = std::move(file)](Connection& db) { return sqlite::write_backup(db, file); });
}

Async<void> SqliteLedgerStore::check_integrity() {
  return database_->read(sqlite::check_integrity);
}

Async<model::HoldOutcome> SqliteLedgerStore::hold(std::string user_id, std::string turn_id, int amount, int opening_grant) {
  return database_->write([user_id = std::move(user_id), turn_id = std::move(turn_id), amount,
                           opening_grant](Connection& db) -> Result<model::HoldOutcome> {
    GIBSEY_CHECK(check_hold(amount, opening_grant));
    return sqlite::take_hold(db, user_id, turn_id, amount, opening_grant);
  });
}

Async<model::LedgerEntry> SqliteLedgerStore::settle(std::string hold_id, int charged, std::string rule) {
  return database_->write([hold_id = std::move(hold_id), charged, rule = std::move(rule)](Connection& db) {
    return sqlite::end_hold(db, hold_id, charged, "settle", rule);
  });
}

Async<model::LedgerEntry> SqliteLedgerStore::release(std::string hold_id, std::string rule) {
  return database_->write([hold_id = std::move(hold_id), rule = std::move(rule)](Connection& db) {
    return sqlite::end_hold(db, hold_id, 0, "release", rule);
  });
}

Async<model::DebitOutcome> SqliteLedgerStore::debit(std::string user_id, int amount, std::string key, int opening_grant) {
  return database_->write(
      [user_id = std::move(user_id), amount, key = std::move(key), opening_grant](Connection& db) -> Result<model::DebitOutcome> {
        GIBSEY_CHECK(check_debit(amount, opening_grant));
        return sqlite::take_debit(db, user_id, amount, key, opening_grant);
      });
}

Async<model::LedgerEntry> SqliteLedgerStore::give_back(std::string user_id, std::int64_t amount, std::string ref,
                                                       std::string reason) {
  return database_->write([user_id = std::move(user_id), amount, ref = std::move(ref),
                           reason = std::move(reason)](Connection& db) -> Result<model::LedgerEntry> {
    GIBSEY_CHECK(check_grant(amount));
    return sqlite::give_back(db, user_id, amount, ref, reason);
  });
}

Async<model::LedgerEntry> SqliteLedgerStore::grant(std::string user_id, std::int64_t amount, std::string reason) {
  return database_->write(
      [user_id = std::move(user_id), amount, reason = std::move(reason)](Connection& db) -> Result<model::LedgerEntry> {
        GIBSEY_CHECK(check_grant(amount));
        return sqlite::give_grant(db, user_id, amount, reason);
      });
}

Async<std::int64_t> SqliteLedgerStore::balance(std::string user_id) {
  return database_->read([user_id = std::move(user_id)](Connection& db) -> Result<std::int64_t> {
    GIBSEY_TRY(const auto found, sqlite::find_balance(db, user_id));
    return found.value_or(0);
  });
}

Async<std::vector<model::LedgerEntry>> SqliteLedgerStore::statement(std::string user_id, int limit) {
  return database_->read([user_id = std::move(user_id), limit](Connection& db) { return sqlite::statement(db, user_id, limit); });
}

Async<std::vector<model::CreditHold>> SqliteLedgerStore::open_holds() {
  return database_->read(sqlite::open_holds);
}

Async<void> SqliteLedgerStore::verify() {
  return database_->read(sqlite::verify_ledger);
}

}  // namespace gibsey::store
