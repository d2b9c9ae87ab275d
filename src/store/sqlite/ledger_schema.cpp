#include "store/sqlite/ledger_schema.hpp"

namespace gibsey::store::sqlite {
namespace {

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
)sql",
    // Form 2. A debit with a key is taken once, and a thing is given back once; give_back finds what it names.
    R"sql(
CREATE UNIQUE INDEX entries_by_id ON entries(id);
CREATE UNIQUE INDEX debits_by_key ON entries(user_id, ref) WHERE kind = 'debit' AND ref <> '';
CREATE UNIQUE INDEX credits_by_ref ON entries(user_id, ref) WHERE kind = 'credit';
)sql"};

}  // namespace

Migrations ledger_migrations() {
  return kMigrations;
}

}  // namespace gibsey::store::sqlite
