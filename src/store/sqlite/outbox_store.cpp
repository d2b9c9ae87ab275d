#include "store/sqlite/outbox_store.hpp"

#include "base/ids.hpp"
#include "store/ledger_check.hpp"
#include "store/sqlite/backup.hpp"
#include "store/sqlite/database.hpp"

namespace gibsey::store {

using sqlite::Connection;
using sqlite::Row;

namespace {

constexpr const char* kMigrations[] = {
    // Form 1. `ended` is kept beside the ending so that the few open holds are found without a look at all the others.
    R"sql(
CREATE TABLE holds (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  user_id TEXT NOT NULL,
  turn_id TEXT NOT NULL,
  amount INTEGER NOT NULL CHECK (amount >= 0),
  created INTEGER NOT NULL,
  confirmed INTEGER NOT NULL DEFAULT 0 CHECK (confirmed IN (0, 1)),
  entry_id TEXT NOT NULL DEFAULT '',
  balance_known INTEGER NOT NULL DEFAULT 0 CHECK (balance_known IN (0, 1)),
  balance INTEGER NOT NULL DEFAULT 0,
  ended INTEGER NOT NULL DEFAULT 0 CHECK (ended IN (0, 1))
) STRICT;
CREATE INDEX open_holds ON holds(number) WHERE ended = 0;

CREATE TABLE endings (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  hold TEXT NOT NULL UNIQUE REFERENCES holds(id),
  kind TEXT NOT NULL CHECK (kind IN ('settle', 'release')),
  charged INTEGER NOT NULL CHECK (charged >= 0),
  given_back INTEGER NOT NULL CHECK (given_back >= 0),
  reason TEXT NOT NULL,
  balance INTEGER NOT NULL,
  created INTEGER NOT NULL,
  delivery TEXT NOT NULL CHECK (delivery IN ('nothing', 'waiting', 'given', 'unknown', 'refused')),
  attempts INTEGER NOT NULL DEFAULT 0,
  due INTEGER NOT NULL
) STRICT;
CREATE INDEX waiting_give_backs ON endings(due, number) WHERE delivery = 'waiting';
)sql"};

Result<std::optional<RemoteHold>> find_hold(Connection& db, const std::string& id) {
  return db.find<RemoteHold>(
      "SELECT id, user_id, turn_id, amount, created, confirmed, entry_id, balance_known, balance FROM holds WHERE id = ?",
      [](Row row) {
        RemoteHold held;
        auto& hold = held.hold;
        row >> hold.id >> hold.user_id >> hold.turn_id >> hold.amount >> hold.created >> held.confirmed >> held.entry_id >>
            held.balance_known >> hold.balance;
        return held;
      },
      id);
}

struct Ending {
  model::LedgerEntry receipt;
  int charged = 0;
};

Result<std::optional<Ending>> find_ending(Connection& db, const model::CreditHold& hold) {
  return db.find<Ending>(
      "SELECT number, id, kind, charged, given_back, reason, balance, created FROM endings WHERE hold = ?",
      [&hold](Row row) {
        Ending ending;
        auto& receipt = ending.receipt;
        receipt.user_id = hold.user_id;
        receipt.ref = hold.id;
        row >> receipt.number >> receipt.id >> receipt.kind >> ending.charged >> receipt.amount >> receipt.reason >>
            receipt.balance >> receipt.created;
        return ending;
      },
      hold.id);
}

Result<model::LedgerEntry> end(Connection& db, const std::string& hold_id, int charged, const std::string& kind,
                               const std::string& rule) {
  GIBSEY_TRY(const auto held, find_hold(db, hold_id));
  if (!held) return std::unexpected(unknown_hold(hold_id));
  GIBSEY_TRY(auto receipt, receipt_of(*held, charged, kind, rule));
  GIBSEY_TRY(auto ending, find_ending(db, held->hold));
  if (ending) {
    if (ending->charged != charged) return std::unexpected(ended_otherwise(hold_id, ending->charged, charged));
    return std::move(ending->receipt);
  }
  receipt.id = random_id();
  receipt.created = unix_millis_now();
  GIBSEY_TRY(receipt.number,
             db.value<std::int64_t>(
                 "INSERT INTO endings (id, hold, kind, charged, given_back, reason, balance, created, delivery, due) "
                 "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, iif(?5 > 0, 'waiting', 'nothing'), ?8) RETURNING number",
                 receipt.id, hold_id, kind, charged, receipt.amount, receipt.reason, receipt.balance, receipt.created));
  GIBSEY_CHECK(db.run("UPDATE holds SET ended = 1 WHERE id = ?", hold_id));
  return receipt;
}

Result<void> drop(Connection& db, const std::string& hold_id) {
  GIBSEY_TRY(const auto ended, db.find_value<bool>("SELECT ended FROM holds WHERE id = ?", hold_id));
  if (!ended) return std::unexpected(unknown_hold(hold_id));
  if (*ended) return std::unexpected(hold_has_ended(hold_id));
  return db.run("DELETE FROM holds WHERE id = ?", hold_id);
}

Result<std::vector<GiveBack>> list_due(Connection& db, UnixMillis now, int limit) {
  return db.list<GiveBack>(
      "SELECT e.number, h.id, h.user_id, e.given_back, iif(h.entry_id = '', h.turn_id, h.entry_id), h.confirmed, e.reason, "
      "e.attempts, "
      "e.created FROM endings e JOIN holds h ON h.id = e.hold WHERE e.delivery = 'waiting' AND e.due <= ? ORDER BY e.due, "
      "e.number "
      "LIMIT max(?, 0)",
      [](Row row) {
        GiveBack one;
        row >> one.number >> one.hold_id >> one.user_id >> one.amount >> one.ref >> one.confirmed >> one.reason >> one.attempts >>
            one.created;
        return one;
      },
      now, limit);
}

Result<void> verify_outbox(Connection& db) {
  GIBSEY_TRY(const auto loose, db.find_value<std::string>(R"sql(
SELECT id FROM (
  SELECT h.number AS number, h.id AS id FROM holds h LEFT JOIN endings e ON e.hold = h.id
    WHERE h.ended <> (e.hold IS NOT NULL) OR e.charged + e.given_back <> h.amount OR (e.delivery = 'nothing') <> (e.given_back = 0)
  UNION
  SELECT e.number, e.hold FROM endings e WHERE NOT EXISTS (SELECT 1 FROM holds h WHERE h.id = e.hold))
ORDER BY number LIMIT 1)sql"));
  if (loose) return std::unexpected(hold_differs(*loose));
  return {};
}

}  // namespace

SqliteOutboxStore::SqliteOutboxStore(std::unique_ptr<sqlite::Database> database) : database_(std::move(database)) {}
SqliteOutboxStore::~SqliteOutboxStore() = default;

Result<std::unique_ptr<SqliteOutboxStore>> SqliteOutboxStore::open(const std::filesystem::path& folder) {
  GIBSEY_TRY(auto database, sqlite::Database::open(folder / "outbox.db", kMigrations, {.readers = 1}));
  return std::unique_ptr<SqliteOutboxStore>(new SqliteOutboxStore(std::move(database)));
}

void SqliteOutboxStore::close() {
  database_->close();
}

Async<void> SqliteOutboxStore::backup(std::filesystem::path file) {
  return database_->read([file = std::move(file)](Connection& db) { return sqlite::write_backup(db, file); });
}

Async<void> SqliteOutboxStore::check_integrity() {
  return database_->read(sqlite::check_integrity);
}

Async<void> SqliteOutboxStore::begin_hold(model::CreditHold hold) {
  return database_->write([hold = std::move(hold)](Connection& db) -> Result<void> {
    GIBSEY_TRY(const auto found, find_hold(db, hold.id));
    if (found) return std::unexpected(hold_exists(hold.id));
    return db.run("INSERT INTO holds (id, user_id, turn_id, amount, created) VALUES (?, ?, ?, ?, ?)", hold.id, hold.user_id,
                  hold.turn_id, hold.amount, hold.created);
  });
}

Async<void> SqliteOutboxStore::confirm_hold(std::string hold_id, std::string entry_id, std::optional<std::int64_t> balance) {
  return database_->write(
      [hold_id = std::move(hold_id), entry_id = std::move(entry_id), balance](Connection& db) -> Result<void> {
        GIBSEY_CHECK(db.run("UPDATE holds SET confirmed = 1, entry_id = ?, balance_known = ?, balance = ? WHERE id = ?", entry_id,
                            balance.has_value(), balance.value_or(0), hold_id));
        return db.changes() > 0 ? Result<void>() : std::unexpected(unknown_hold(hold_id));
      });
}

Async<void> SqliteOutboxStore::drop_hold(std::string hold_id) {
  return database_->write([hold_id = std::move(hold_id)](Connection& db) { return drop(db, hold_id); });
}

Async<model::LedgerEntry> SqliteOutboxStore::end_hold(std::string hold_id, int charged, std::string kind, std::string rule) {
  return database_->write([hold_id = std::move(hold_id), charged, kind = std::move(kind),
                           rule = std::move(rule)](Connection& db) { return end(db, hold_id, charged, kind, rule); });
}

Async<std::vector<model::CreditHold>> SqliteOutboxStore::open_holds() {
  return database_->read([](Connection& db) {
    return db.list<model::CreditHold>(
        "SELECT id, user_id, turn_id, amount, balance, created FROM holds WHERE ended = 0 ORDER BY number", [](Row row) {
          model::CreditHold hold;
          row >> hold.id >> hold.user_id >> hold.turn_id >> hold.amount >> hold.balance >> hold.created;
          return hold;
        });
  });
}

Async<std::vector<GiveBack>> SqliteOutboxStore::due_give_backs(UnixMillis now, int limit) {
  return database_->read([now, limit](Connection& db) { return list_due(db, now, limit); });
}

Async<std::optional<UnixMillis>> SqliteOutboxStore::next_due() {
  return database_->read([](Connection& db) {
    return db.find_value<std::int64_t>("SELECT due FROM endings WHERE delivery = 'waiting' ORDER BY due LIMIT 1");
  });
}

Async<void> SqliteOutboxStore::put_off(std::int64_t number, UnixMillis due) {
  return database_->write([number, due](Connection& db) {
    return db.run("UPDATE endings SET attempts = attempts + 1, due = ? WHERE number = ? AND delivery = 'waiting'", due, number);
  });
}

Async<void> SqliteOutboxStore::close_give_back(std::int64_t number, Delivery delivery) {
  return database_->write([number, delivery](Connection& db) {
    return db.run("UPDATE endings SET delivery = ? WHERE number = ? AND delivery = 'waiting'", std::string(to_string(delivery)),
                  number);
  });
}

Async<std::int64_t> SqliteOutboxStore::count_waiting() {
  return database_->read(
      [](Connection& db) { return db.value<std::int64_t>("SELECT count(*) FROM endings WHERE delivery = 'waiting'"); });
}

Async<std::int64_t> SqliteOutboxStore::count_refused() {
  return database_->read(
      [](Connection& db) { return db.value<std::int64_t>("SELECT count(*) FROM endings WHERE delivery = 'refused'"); });
}

Async<void> SqliteOutboxStore::verify() {
  return database_->read(verify_outbox);
}

}  // namespace gibsey::store
