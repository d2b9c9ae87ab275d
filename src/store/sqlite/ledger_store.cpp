#include "store/sqlite/ledger_store.hpp"

#include "base/ids.hpp"
#include "store/ledger_check.hpp"
#include "store/sqlite/database.hpp"

#include <fmt/format.h>

namespace gibsey::store {
namespace {

using sqlite::Connection;
using sqlite::Row;

constexpr const char* kMigrations[] = {
    // Form 1. The balance is kept beside the entries; the triggers refuse an entry that does not follow from the one
    // before it, so that by induction balance == sum of the entries without adding them all up at each write.
    R"sql(
CREATE TABLE accounts (
  user_id TEXT PRIMARY KEY,
  balance INTEGER NOT NULL CHECK (balance >= 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE entries (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('grant', 'hold', 'settle', 'release', 'debit', 'credit')),
  amount INTEGER NOT NULL,
  ref TEXT NOT NULL,
  reason TEXT NOT NULL,
  balance INTEGER NOT NULL,
  created INTEGER NOT NULL
) STRICT;
CREATE INDEX entries_of_user ON entries(user_id, number);

CREATE TABLE holds (
  id TEXT PRIMARY KEY,
  entry INTEGER NOT NULL REFERENCES entries(number),
  charged INTEGER,
  end_entry INTEGER REFERENCES entries(number)
) STRICT, WITHOUT ROWID;
CREATE INDEX open_holds ON holds(entry) WHERE end_entry IS NULL;

CREATE TRIGGER entries_are_not_changed BEFORE UPDATE ON entries
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only; add an entry that makes good'); END;
CREATE TRIGGER entries_are_not_deleted BEFORE DELETE ON entries
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only; add an entry that makes good'); END;
CREATE TRIGGER entries_are_not_replaced BEFORE INSERT ON entries
WHEN EXISTS (SELECT 1 FROM entries WHERE number = NEW.number)
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only; add an entry that makes good'); END;
CREATE TRIGGER entries_add_up BEFORE INSERT ON entries
WHEN NEW.balance IS NOT (SELECT balance FROM accounts WHERE user_id = NEW.user_id)
  OR NEW.balance - NEW.amount IS NOT coalesce(
       (SELECT balance FROM entries WHERE user_id = NEW.user_id ORDER BY number DESC LIMIT 1), 0)
BEGIN SELECT RAISE(ABORT, 'the balance of the user is not the sum of the entries; restore a backup of the ledger'); END;

CREATE VIEW ledger(user_id, credits) AS SELECT user_id, balance FROM accounts;
)sql"};

model::LedgerEntry read_entry(Row row) {
  model::LedgerEntry entry;
  row >> entry.number >> entry.id >> entry.user_id >> entry.kind >> entry.amount >> entry.ref >> entry.reason >>
      entry.balance >> entry.created;
  return entry;
}

/// Writes the entry for a balance that has been changed already.
Result<model::LedgerEntry> append(Connection& db, model::LedgerEntry entry) {
  entry.created = unix_millis_now();
  GIBSEY_TRY(entry.number, db.value<std::int64_t>(
      "INSERT INTO entries (id, user_id, kind, amount, ref, reason, balance, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
      "RETURNING number",
      entry.id, entry.user_id, entry.kind, entry.amount, entry.ref, entry.reason, entry.balance, entry.created));
  return entry;
}

Result<void> make_account(Connection& db, const std::string& user_id) {
  return db.run("INSERT INTO accounts (user_id, balance) VALUES (?, 0) ON CONFLICT DO NOTHING", user_id);
}

Result<std::optional<std::int64_t>> find_balance(Connection& db, const std::string& user_id) {
  return db.find_value<std::int64_t>("SELECT balance FROM accounts WHERE user_id = ?", user_id);
}

/// Raises the balance of an account that exists and writes the entry.
Result<model::LedgerEntry> give(Connection& db, model::LedgerEntry entry) {
  GIBSEY_TRY(const auto before, db.value<std::int64_t>("SELECT balance FROM accounts WHERE user_id = ?", entry.user_id));
  GIBSEY_CHECK(check_room(before, entry.amount));
  GIBSEY_TRY(entry.balance, db.value<std::int64_t>(
      "UPDATE accounts SET balance = balance + ? WHERE user_id = ? RETURNING balance", entry.amount, entry.user_id));
  return append(db, std::move(entry));
}

Result<model::LedgerEntry> give_grant(Connection& db, const std::string& user_id, std::int64_t amount, std::string reason) {
  GIBSEY_CHECK(make_account(db, user_id));
  return give(db, {.id = random_id(), .user_id = user_id, .kind = "grant", .amount = amount, .reason = std::move(reason)});
}

/// False when the user is known already.
Result<bool> open_account(Connection& db, const std::string& user_id, int opening_grant) {
  GIBSEY_CHECK(make_account(db, user_id));
  if (db.changes() == 0) return false;
  if (opening_grant > 0) GIBSEY_CHECK(give_grant(db, user_id, opening_grant, "opening grant"));
  return true;
}

/// The conditional write: the new balance, or nothing when the user has too little or is not known.
Result<std::optional<std::int64_t>> take_credits(Connection& db, const std::string& user_id, int amount) {
  return db.find_value<std::int64_t>(
      "UPDATE accounts SET balance = balance - ?1 WHERE user_id = ?2 AND balance >= ?1 RETURNING balance", amount, user_id);
}

Result<model::HoldOutcome> take_hold(Connection& db, const std::string& user_id, const std::string& turn_id, int amount,
                                     int opening_grant) {
  GIBSEY_TRY(auto left, take_credits(db, user_id, amount));
  if (!left) {
    GIBSEY_TRY(const bool opened, open_account(db, user_id, opening_grant));
    if (opened) {
      GIBSEY_TRY(left, take_credits(db, user_id, amount));
    }
  }
  if (!left) {
    GIBSEY_TRY(const auto available, find_balance(db, user_id));
    return model::InsufficientCredits{.needed = amount, .available = available.value_or(0)};
  }
  GIBSEY_TRY(const auto entry, append(db, {.id = random_id(), .user_id = user_id, .kind = "hold", .amount = -amount,
                                           .ref = turn_id, .balance = *left}));
  GIBSEY_CHECK(db.run("INSERT INTO holds (id, entry) VALUES (?, ?)", entry.id, entry.number));
  return model::CreditHold{.id = entry.id, .user_id = user_id, .turn_id = turn_id, .amount = amount, .balance = *left,
                           .created = entry.created};
}

struct StoredHold {
  std::string user_id;
  std::int64_t amount = 0;
  std::int64_t charged = 0;
  std::int64_t end_entry = 0;  ///< 0 while it is open
};

Result<std::optional<StoredHold>> find_hold(Connection& db, const std::string& hold_id) {
  return db.find<StoredHold>(
      "SELECT e.user_id, -e.amount, coalesce(h.charged, 0), coalesce(h.end_entry, 0) "
      "FROM holds h JOIN entries e ON e.number = h.entry WHERE h.id = ?",
      [](Row row) {
        StoredHold hold;
        row >> hold.user_id >> hold.amount >> hold.charged >> hold.end_entry;
        return hold;
      }, hold_id);
}

Result<model::LedgerEntry> load_entry(Connection& db, std::int64_t number) {
  GIBSEY_TRY(auto entry, db.find<model::LedgerEntry>(
      "SELECT number, id, user_id, kind, amount, ref, reason, balance, created FROM entries WHERE number = ?", read_entry, number));
  if (!entry) return fail(ErrorCode::corrupt, fmt::format("{} lacks the entry {}; restore a backup", db.path(), number));
  return *std::move(entry);
}

Result<model::LedgerEntry> end_hold(Connection& db, const std::string& hold_id, int charged, const std::string& kind,
                                    const std::string& rule) {
  GIBSEY_TRY(const auto hold, find_hold(db, hold_id));
  if (!hold) return std::unexpected(unknown_hold(hold_id));
  GIBSEY_CHECK(check_charge(hold_id, charged, hold->amount));
  if (hold->end_entry != 0) {
    if (hold->charged != charged) return std::unexpected(ended_otherwise(hold_id, hold->charged, charged));
    return load_entry(db, hold->end_entry);
  }
  GIBSEY_TRY(auto entry, give(db, {.id = random_id(), .user_id = hold->user_id, .kind = kind, .amount = hold->amount - charged,
                                   .ref = hold_id, .reason = rule}));
  GIBSEY_CHECK(db.run("UPDATE holds SET charged = ?, end_entry = ? WHERE id = ?", charged, entry.number, hold_id));
  return entry;
}

Result<void> verify_all(Connection& db) {
  GIBSEY_TRY(const auto different, db.find_value<std::string>(R"sql(
SELECT user_id FROM (
  SELECT a.user_id AS user_id FROM accounts a
    WHERE a.balance <> (SELECT coalesce(sum(e.amount), 0) FROM entries e WHERE e.user_id = a.user_id)
  UNION
  SELECT e.user_id FROM entries e WHERE NOT EXISTS (SELECT 1 FROM accounts a WHERE a.user_id = e.user_id))
ORDER BY user_id LIMIT 1)sql"));
  if (different) return std::unexpected(balance_differs(*different));
  return {};
}

}  // namespace

SqliteLedgerStore::SqliteLedgerStore(std::unique_ptr<sqlite::Database> database) : database_(std::move(database)) {}
SqliteLedgerStore::~SqliteLedgerStore() = default;

Result<std::unique_ptr<SqliteLedgerStore>> SqliteLedgerStore::open(const std::filesystem::path& folder) {
  GIBSEY_TRY(auto database, sqlite::Database::open(folder / "ledger.db", kMigrations));
  return std::unique_ptr<SqliteLedgerStore>(new SqliteLedgerStore(std::move(database)));
}

void SqliteLedgerStore::close() { database_->close(); }

Async<model::HoldOutcome> SqliteLedgerStore::hold(std::string user_id, std::string turn_id, int amount, int opening_grant) {
  return database_->write([user_id = std::move(user_id), turn_id = std::move(turn_id), amount,
                           opening_grant](Connection& db) -> Result<model::HoldOutcome> {
    GIBSEY_CHECK(check_hold(amount, opening_grant));
    return take_hold(db, user_id, turn_id, amount, opening_grant);
  });
}

Async<model::LedgerEntry> SqliteLedgerStore::settle(std::string hold_id, int charged, std::string rule) {
  return database_->write([hold_id = std::move(hold_id), charged, rule = std::move(rule)](Connection& db) {
    return end_hold(db, hold_id, charged, "settle", rule);
  });
}

Async<model::LedgerEntry> SqliteLedgerStore::release(std::string hold_id, std::string rule) {
  return database_->write([hold_id = std::move(hold_id), rule = std::move(rule)](Connection& db) {
    return end_hold(db, hold_id, 0, "release", rule);
  });
}

Async<model::LedgerEntry> SqliteLedgerStore::grant(std::string user_id, std::int64_t amount, std::string reason) {
  return database_->write([user_id = std::move(user_id), amount,
                           reason = std::move(reason)](Connection& db) -> Result<model::LedgerEntry> {
    GIBSEY_CHECK(check_grant(amount));
    return give_grant(db, user_id, amount, reason);
  });
}

Async<std::int64_t> SqliteLedgerStore::balance(std::string user_id) {
  return database_->read([user_id = std::move(user_id)](Connection& db) -> Result<std::int64_t> {
    GIBSEY_TRY(const auto found, find_balance(db, user_id));
    return found.value_or(0);
  });
}

Async<std::vector<model::LedgerEntry>> SqliteLedgerStore::statement(std::string user_id, int limit) {
  return database_->read([user_id = std::move(user_id), limit](Connection& db) {
    return db.list<model::LedgerEntry>(
        "SELECT number, id, user_id, kind, amount, ref, reason, balance, created FROM entries WHERE user_id = ? "
        "ORDER BY number DESC LIMIT max(?, 0)", read_entry, user_id, limit);
  });
}

Async<std::vector<model::CreditHold>> SqliteLedgerStore::open_holds() {
  return database_->read([](Connection& db) {
    return db.list<model::CreditHold>(
        "SELECT h.id, e.user_id, e.ref, -e.amount, e.balance, e.created FROM holds h JOIN entries e ON e.number = h.entry "
        "WHERE h.end_entry IS NULL ORDER BY h.entry",
        [](Row row) {
          model::CreditHold hold;
          row >> hold.id >> hold.user_id >> hold.turn_id >> hold.amount >> hold.balance >> hold.created;
          return hold;
        });
  });
}

Async<void> SqliteLedgerStore::verify() { return database_->read(verify_all); }

}  // namespace gibsey::store
