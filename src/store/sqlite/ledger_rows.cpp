#include "store/sqlite/ledger_rows.hpp"

#include "base/ids.hpp"
#include "store/ledger_check.hpp"

#include <fmt/format.h>

namespace gibsey::store::sqlite {
namespace {

const std::string kSelect = "SELECT number, id, user_id, kind, amount, ref, reason, balance, created FROM entries ";

model::LedgerEntry read_entry(Row row) {
  model::LedgerEntry entry;
  row >> entry.number >> entry.id >> entry.user_id >> entry.kind >> entry.amount >> entry.ref >> entry.reason >> entry.balance >>
      entry.created;
  return entry;
}

/// Writes the entry for a balance that has been changed already.
Result<model::LedgerEntry> append(Connection& db, model::LedgerEntry entry) {
  entry.created = unix_millis_now();
  GIBSEY_TRY(entry.number,
             db.value<std::int64_t>(
                 "INSERT INTO entries (id, user_id, kind, amount, ref, reason, balance, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
                 "RETURNING number",
                 entry.id, entry.user_id, entry.kind, entry.amount, entry.ref, entry.reason, entry.balance, entry.created));
  return entry;
}

Result<void> make_account(Connection& db, const std::string& user_id) {
  return db.run("INSERT INTO accounts (user_id, balance) VALUES (?, 0) ON CONFLICT DO NOTHING", user_id);
}

/// Raises the balance of an account that exists and writes the entry.
Result<model::LedgerEntry> give(Connection& db, model::LedgerEntry entry) {
  GIBSEY_TRY(const auto before, db.value<std::int64_t>("SELECT balance FROM accounts WHERE user_id = ?", entry.user_id));
  GIBSEY_CHECK(check_room(before, entry.amount));
  GIBSEY_TRY(entry.balance,
             db.value<std::int64_t>("UPDATE accounts SET balance = balance + ? WHERE user_id = ? RETURNING balance", entry.amount,
                                    entry.user_id));
  return append(db, std::move(entry));
}

/// False when the user is known already.
Result<bool> open_account(Connection& db, const std::string& user_id, int opening_grant) {
  GIBSEY_CHECK(make_account(db, user_id));
  if (db.changes() == 0) return false;
  if (opening_grant > 0) GIBSEY_CHECK(give_grant(db, user_id, opening_grant, "opening grant"));
  return true;
}

/// The conditional write: the new balance, or nothing when the user has too little or is not known.
Result<std::optional<std::int64_t>> take_if_enough(Connection& db, const std::string& user_id, int amount) {
  return db.find_value<std::int64_t>(
      "UPDATE accounts SET balance = balance - ?1 WHERE user_id = ?2 AND balance >= ?1 RETURNING balance", amount, user_id);
}

/// Takes the amount, from a new user after the opening grant, and writes the entry; nothing when there is too little.
Result<std::optional<model::LedgerEntry>> take(Connection& db, int opening_grant, model::LedgerEntry entry) {
  const auto amount = static_cast<int>(-entry.amount);
  GIBSEY_TRY(auto left, take_if_enough(db, entry.user_id, amount));
  if (!left) {
    GIBSEY_TRY(const bool opened, open_account(db, entry.user_id, opening_grant));
    if (opened) {
      GIBSEY_TRY(left, take_if_enough(db, entry.user_id, amount));
    }
  }
  if (!left) return std::optional<model::LedgerEntry>();
  entry.balance = *left;
  return append(db, std::move(entry));
}

Result<model::InsufficientCredits> too_little(Connection& db, const std::string& user_id, int amount) {
  GIBSEY_TRY(const auto available, find_balance(db, user_id));
  return model::InsufficientCredits{.needed = amount, .available = available.value_or(0)};
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
      },
      hold_id);
}

Result<model::LedgerEntry> load_entry(Connection& db, std::int64_t number) {
  static const std::string kLoad = kSelect + "WHERE number = ?";
  GIBSEY_TRY(auto entry, db.find<model::LedgerEntry>(kLoad, read_entry, number));
  if (!entry) return fail(ErrorCode::corrupt, fmt::format("{} lacks the entry {}; restore a backup", db.path(), number));
  return *std::move(entry);
}

Result<std::optional<model::LedgerEntry>> find_debit(Connection& db, const std::string& user_id, const std::string& key) {
  static const std::string kFind = kSelect + "WHERE user_id = ? AND ref = ? AND kind = 'debit' AND ref <> ''";
  return db.find<model::LedgerEntry>(kFind, read_entry, user_id, key);
}

/// The entry that `ref` names: by its id, else by the key of a debit.
Result<model::LedgerEntry> load_named(Connection& db, const std::string& user_id, const std::string& ref) {
  static const std::string kById = kSelect + "WHERE id = ? AND user_id = ?";
  GIBSEY_TRY(auto found, db.find<model::LedgerEntry>(kById, read_entry, ref, user_id));
  if (!found) {
    GIBSEY_TRY(found, find_debit(db, user_id, ref));
  }
  if (!found) return std::unexpected(nothing_to_give_back(user_id, ref));
  return *std::move(found);
}

/// What an entry took for good: a debit its amount, a hold what it was charged when it ended.
Result<std::int64_t> taken_by(Connection& db, const model::LedgerEntry& entry) {
  if (entry.kind == "debit") return -entry.amount;
  if (entry.kind != "hold") return 0;
  GIBSEY_TRY(const auto hold, find_hold(db, entry.id));
  return hold ? hold->charged : 0;
}

}  // namespace

Result<std::optional<std::int64_t>> find_balance(Connection& db, const std::string& user_id) {
  return db.find_value<std::int64_t>("SELECT balance FROM accounts WHERE user_id = ?", user_id);
}

Result<model::LedgerEntry> give_grant(Connection& db, const std::string& user_id, std::int64_t amount, std::string reason) {
  GIBSEY_CHECK(make_account(db, user_id));
  return give(db, {.id = random_id(), .user_id = user_id, .kind = "grant", .amount = amount, .reason = std::move(reason)});
}

Result<model::HoldOutcome> take_hold(Connection& db, const std::string& user_id, const std::string& turn_id, int amount,
                                     int opening_grant) {
  GIBSEY_TRY(const auto entry,
             take(db, opening_grant,
                  {.id = random_id(), .user_id = user_id, .kind = "hold", .amount = -std::int64_t{amount}, .ref = turn_id}));
  if (!entry) return too_little(db, user_id, amount);
  GIBSEY_CHECK(db.run("INSERT INTO holds (id, entry) VALUES (?, ?)", entry->id, entry->number));
  return model::CreditHold{.id = entry->id,
                           .user_id = user_id,
                           .turn_id = turn_id,
                           .amount = amount,
                           .balance = entry->balance,
                           .created = entry->created};
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
  GIBSEY_TRY(auto entry, give(db, {.id = random_id(),
                                   .user_id = hold->user_id,
                                   .kind = kind,
                                   .amount = hold->amount - charged,
                                   .ref = hold_id,
                                   .reason = rule}));
  GIBSEY_CHECK(db.run("UPDATE holds SET charged = ?, end_entry = ? WHERE id = ?", charged, entry.number, hold_id));
  return entry;
}

Result<model::DebitOutcome> take_debit(Connection& db, const std::string& user_id, int amount, const std::string& key,
                                       int opening_grant) {
  GIBSEY_TRY(auto first, find_debit(db, user_id, key));
  if (first) {
    GIBSEY_CHECK(check_same_debit(key, -first->amount, amount));
    return *std::move(first);
  }
  GIBSEY_TRY(auto entry,
             take(db, opening_grant,
                  {.id = random_id(), .user_id = user_id, .kind = "debit", .amount = -std::int64_t{amount}, .ref = key}));
  if (!entry) return too_little(db, user_id, amount);
  return *std::move(entry);
}

Result<model::LedgerEntry> give_back(Connection& db, const std::string& user_id, std::int64_t amount, const std::string& ref,
                                     const std::string& reason) {
  GIBSEY_TRY(const auto named, load_named(db, user_id, ref));
  // A debit has two names; given back by one of them, it is given back by the other too.
  static const std::string kGiven = kSelect + "WHERE user_id = ?1 AND kind = 'credit' AND ref IN (?2, ?3) ORDER BY number DESC";
  const auto& other_name = named.kind == "debit" && !named.ref.empty() ? named.ref : named.id;
  GIBSEY_TRY(auto given, db.find<model::LedgerEntry>(kGiven, read_entry, user_id, named.id, other_name));
  if (given) {
    GIBSEY_CHECK(check_same_return(ref, given->amount, amount));
    return *std::move(given);
  }
  GIBSEY_TRY(const auto taken, taken_by(db, named));
  GIBSEY_CHECK(check_return(ref, taken, amount));
  return give(db, {.id = random_id(), .user_id = user_id, .kind = "credit", .amount = amount, .ref = ref, .reason = reason});
}

Result<std::vector<model::LedgerEntry>> statement(Connection& db, const std::string& user_id, int limit) {
  static const std::string kStatement = kSelect + "WHERE user_id = ? ORDER BY number DESC LIMIT max(?, 0)";
  return db.list<model::LedgerEntry>(kStatement, read_entry, user_id, limit);
}

Result<std::vector<model::CreditHold>> open_holds(Connection& db) {
  return db.list<model::CreditHold>(
      "SELECT h.id, e.user_id, e.ref, -e.amount, e.balance, e.created FROM holds h JOIN entries e ON e.number = h.entry "
      "WHERE h.end_entry IS NULL ORDER BY h.entry",
      [](Row row) {
        model::CreditHold hold;
        row >> hold.id >> hold.user_id >> hold.turn_id >> hold.amount >> hold.balance >> hold.created;
        return hold;
      });
}

Result<void> verify_ledger(Connection& db) {
  GIBSEY_TRY(const auto different, db.find_value<std::string>(R"sql(
SELECT user_id FROM (
  SELECT a.user_id AS user_id FROM accounts a
    WHERE a.balance <> (SELECT coalesce(sum(e.amount), 0) FROM entries e WHERE e.user_id = a.user_id)
  UNION
  SELECT e.user_id FROM entries e WHERE NOT EXISTS (SELECT 1 FROM accounts a WHERE a.user_id = e.user_id))
ORDER BY user_id LIMIT 1)sql"));
  if (different) return std::unexpected(balance_differs(*different));
  GIBSEY_TRY(const auto loose, db.find_value<std::string>(R"sql(
SELECT h.id FROM holds h LEFT JOIN entries e ON e.number = h.entry LEFT JOIN entries last ON last.number = h.end_entry
  WHERE e.id IS NOT h.id OR e.kind <> 'hold' OR (h.end_entry IS NOT NULL AND last.ref IS NOT h.id)
UNION
SELECT e.id FROM entries e WHERE e.kind = 'hold' AND NOT EXISTS (SELECT 1 FROM holds h WHERE h.id = e.id)
ORDER BY 1 LIMIT 1)sql"));
  if (loose) return std::unexpected(hold_differs(*loose));
  return {};
}

}  // namespace gibsey::store::sqlite
