#include "store/cassandra/ledger_store.hpp"

#include "base/ids.hpp"
#include "store/ledger_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>

namespace gibsey::store {

using namespace cassandra;

namespace {

constexpr int kAttempts = 100;
// The parts of a user's partition; the entries come first, so that the newest one is the first row.
const std::string kEntries = "entry";
const std::string kHolds = "hold";
const std::string kKeys = "key";        ///< of debits
const std::string kReturns = "return";  ///< what was given back, by the entry that took it

const std::string kSelectEntry =
    "SELECT number, id, user_id, kind, amount, ref, reason, entry_balance, created FROM ledger WHERE user_id = ? ";

model::LedgerEntry read_entry(Row row) {
  model::LedgerEntry entry;
  row >> entry.number >> entry.id >> entry.user_id >> entry.kind >> entry.amount >> entry.ref >> entry.reason >> entry.balance >>
      entry.created;
  return entry;
}

Error too_many_writers(const std::string& user_id) {
  return {ErrorCode::busy, "too many writers change the credits of " + user_id + " at once; try again in a moment"};
}

/// Ids of entries end in their number, so that an entry is found by its id.
std::string new_id(std::int64_t number) {
  return fmt::format("{}-{:x}", random_id(), number);
}

std::int64_t number_in(const std::string& id) {
  const auto dash = id.rfind('-');
  std::int64_t number = 0;
  if (dash == std::string::npos) return 0;
  const auto [end, error] = std::from_chars(id.data() + dash + 1, id.data() + id.size(), number, 16);
  return error == std::errc() && end == id.data() + id.size() ? number : 0;
}

/// Gives the entries that follow on an account their numbers, ids and balances.
Result<void> number_entries(std::int64_t balance, std::int64_t last_number, const std::string& user_id,
                            std::vector<model::LedgerEntry>& entries) {
  for (auto& entry : entries) {
    GIBSEY_CHECK(check_room(balance, entry.amount));
    balance += entry.amount;
    entry.user_id = user_id;
    entry.number = ++last_number;
    entry.id = new_id(entry.number);
    entry.balance = balance;
    entry.created = unix_millis_now();
  }
  return {};
}

Statement insert_entry(const model::LedgerEntry& entry) {
  return cql(
      "INSERT INTO ledger (user_id, section, number, name, id, kind, amount, ref, reason, entry_balance, created) "
      "VALUES (?, 'entry', ?, '', ?, ?, ?, ?, ?, ?, ?)",
      entry.user_id, entry.number, entry.id, entry.kind, entry.amount, entry.ref, entry.reason, entry.balance, entry.created);
}

/// A name that can be given once.
Statement insert_name(const std::string& user_id, const std::string& section, const std::string& name, std::int64_t entry) {
  return cql("INSERT INTO ledger (user_id, section, number, name, entry) VALUES (?, ?, 0, ?, ?) IF NOT EXISTS", user_id, section,
             name, entry);
}

std::vector<model::LedgerEntry> opening_entries(bool known, int opening_grant) {
  if (known || opening_grant == 0) return {};
  return {{.kind = "grant", .amount = opening_grant, .reason = "opening grant"}};
}

}  // namespace

int CassandraLedgerStore::bucket_of(const std::string& hold_id) {
  constexpr unsigned kBuckets = 16;
  unsigned sum = 0;
  for (const char c : hold_id.substr(0, 4)) sum += static_cast<unsigned char>(c);
  return static_cast<int>(sum % kBuckets);
}

CassandraLedgerStore::CassandraLedgerStore(Session& session, std::string node) : session_(session), node_(std::move(node)) {}

/// Corrupt when the newest entry does not say the balance.
Async<CassandraLedgerStore::Account> CassandraLedgerStore::load(std::string user_id) {
  GIBSEY_CO_TRY(const auto rows,
                co_await session_.read(cql("SELECT balance, last_number, section, number, entry_balance FROM ledger "
                                           "WHERE user_id = ? LIMIT 1",
                                           user_id)));
  if (rows.empty()) co_return Account();
  Account account;
  std::optional<std::int64_t> balance;
  std::string section;
  std::int64_t number = 0;
  std::int64_t said = 0;
  rows[0] >> balance >> account.last_number >> section >> number >> said;
  account.known = balance.has_value();
  account.balance = balance.value_or(0);
  if (section != kEntries) number = said = 0;
  if (number != account.last_number || said != account.balance) co_return std::unexpected(balance_differs(user_id));
  co_return account;
}

Async<bool> CassandraLedgerStore::commit(std::string user_id, Account account, std::vector<model::LedgerEntry> entries,
                                         std::vector<Statement> rows) {
  const auto balance = entries.empty() ? account.balance : entries.back().balance;
  const auto last_number = entries.empty() ? account.last_number : entries.back().number;
  std::vector<Statement> batch;
  batch.push_back(cql("UPDATE ledger SET balance = ?, last_number = ? WHERE user_id = ? IF balance = ? AND last_number = ?",
                      balance, last_number, user_id, account.known ? Value(account.balance) : null(),
                      account.known ? Value(account.last_number) : null()));
  for (const auto& entry : entries) batch.push_back(insert_entry(entry));
  std::ranges::move(rows, std::back_inserter(batch));
  GIBSEY_CO_TRY(const auto applied, co_await session_.apply(std::move(batch)));
  if (applied != Applied::unknown) co_return applied == Applied::yes;
  if (entries.empty()) co_return false;
  co_return co_await was_committed(std::move(entries.back()));
}

Async<bool> CassandraLedgerStore::was_committed(model::LedgerEntry last) {
  GIBSEY_CO_TRY(const auto rows,
                co_await session_.read(cql("SELECT id FROM ledger WHERE user_id = ? AND section = 'entry' AND number = ?",
                                           last.user_id, last.number),
                                       Reading::serial));
  std::string id;
  if (!rows.empty()) rows[0] >> id;
  co_return id == last.id;
}

/// Before the hold is taken, so that none is ever taken which cannot be found; what names no hold in the end does no harm.
Async<void> CassandraLedgerStore::note_hold(const model::LedgerEntry& entry) {
  std::vector<Statement> batch;
  batch.push_back(cql("INSERT INTO hold_owners (hold_id, user_id) VALUES (?, ?)", entry.id, entry.user_id));
  batch.push_back(cql("INSERT INTO open_holds (bucket, hold_id, node, user_id, created) VALUES (?, ?, ?, ?, ?)",
                      bucket_of(entry.id), entry.id, node_, entry.user_id, clock_.next()));
  co_return co_await session_.write_all(std::move(batch));
}

Async<std::optional<model::HoldOutcome>> CassandraLedgerStore::try_hold(std::string user_id, std::string turn_id, int amount,
                                                                        int opening_grant) {
  GIBSEY_CO_TRY(const auto account, co_await load(user_id));
  auto entries = opening_entries(account.known, opening_grant);
  const auto available = account.balance + (entries.empty() ? 0 : opening_grant);
  const bool enough = available >= amount;
  if (!enough && account.known) co_return model::InsufficientCredits{.needed = amount, .available = available};
  if (enough) entries.push_back({.kind = "hold", .amount = -std::int64_t{amount}, .ref = turn_id});
  GIBSEY_CO_CHECK(number_entries(account.balance, account.last_number, user_id, entries));
  std::vector<Statement> rows;
  if (enough) {
    const auto& entry = entries.back();
    GIBSEY_CO_CHECK(co_await note_hold(entry));
    rows.push_back(cql("INSERT INTO ledger (user_id, section, number, name, entry, amount) VALUES (?, ?, 0, ?, ?, ?)", user_id,
                       kHolds, entry.id, entry.number, amount));
  }
  GIBSEY_CO_TRY(const bool committed, co_await commit(user_id, account, entries, std::move(rows)));
  if (!committed) co_return std::nullopt;
  if (!enough) co_return model::InsufficientCredits{.needed = amount, .available = available};
  const auto& entry = entries.back();
  co_return model::CreditHold{.id = entry.id,
                              .user_id = user_id,
                              .turn_id = turn_id,
                              .amount = amount,
                              .balance = entry.balance,
                              .created = entry.created};
}

Async<model::HoldOutcome> CassandraLedgerStore::hold(std::string user_id, std::string turn_id, int amount, int opening_grant) {
  GIBSEY_CO_CHECK(check_hold(amount, opening_grant));
  const auto held = co_await locks_.take(user_id);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    GIBSEY_CO_TRY(auto outcome, co_await try_hold(user_id, turn_id, amount, opening_grant));
    if (outcome) co_return *std::move(outcome);
  }
  co_return std::unexpected(too_many_writers(user_id));
}

Async<std::optional<CassandraLedgerStore::HoldRow>> CassandraLedgerStore::find_hold(std::string user_id, std::string hold_id,
                                                                                    Reading reading) {
  GIBSEY_CO_TRY(const auto rows,
                co_await session_.read(cql("SELECT entry, amount, charged, end_entry FROM ledger WHERE user_id = ? AND "
                                           "section = 'hold' AND number = 0 AND name = ?",
                                           user_id, hold_id),
                                       reading));
  if (rows.empty()) co_return std::nullopt;
  HoldRow hold;
  rows[0] >> hold.entry >> hold.amount >> hold.charged >> hold.end_entry;
  co_return hold;
}

Async<std::optional<model::LedgerEntry>> CassandraLedgerStore::try_end(std::string user_id, std::string hold_id, int charged,
                                                                       std::string kind, std::string rule) {
  GIBSEY_CO_TRY(const auto account, co_await load(user_id));
  GIBSEY_CO_TRY(const auto hold, co_await find_hold(user_id, hold_id));
  if (!hold) co_return std::unexpected(unknown_hold(hold_id));
  GIBSEY_CO_CHECK(check_charge(hold_id, charged, hold->amount));
  if (hold->end_entry != 0) {
    if (hold->charged != charged) co_return std::unexpected(ended_otherwise(hold_id, hold->charged, charged));
    GIBSEY_CO_TRY(auto first, co_await load_entry(user_id, hold->end_entry));
    co_return first;
  }
  std::vector<model::LedgerEntry> entries{{.kind = kind, .amount = hold->amount - charged, .ref = hold_id, .reason = rule}};
  GIBSEY_CO_CHECK(number_entries(account.balance, account.last_number, user_id, entries));
  // Its own condition: what was read of the hold may be older than what was read of the account.
  std::vector<Statement> rows;
  rows.push_back(
      cql("UPDATE ledger SET charged = ?, end_entry = ? WHERE user_id = ? AND section = 'hold' AND number = 0 AND name = ? IF "
          "entry = ? AND end_entry = ?",
          charged, entries[0].number, user_id, hold_id, hold->entry, null()));
  GIBSEY_CO_TRY(const bool committed, co_await commit(user_id, account, entries, std::move(rows)));
  if (!committed) co_return std::nullopt;
  co_return entries[0];
}

Async<model::LedgerEntry> CassandraLedgerStore::end_hold(std::string hold_id, int charged, std::string kind, std::string rule) {
  GIBSEY_CO_TRY(const auto owner, co_await session_.read(cql("SELECT user_id FROM hold_owners WHERE hold_id = ?", hold_id)));
  if (owner.empty()) co_return std::unexpected(unknown_hold(hold_id));
  std::string user_id;
  owner[0] >> user_id;
  const auto held = co_await locks_.take(user_id);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    GIBSEY_CO_TRY(auto entry, co_await try_end(user_id, hold_id, charged, kind, rule));
    if (!entry) continue;
    // What is left here is taken out by open_holds().
    static_cast<void>(
        co_await session_.write(cql("DELETE FROM open_holds WHERE bucket = ? AND hold_id = ?", bucket_of(hold_id), hold_id)));
    co_return *std::move(entry);
  }
  co_return std::unexpected(too_many_writers(user_id));
}

Async<model::LedgerEntry> CassandraLedgerStore::settle(std::string hold_id, int charged, std::string rule) {
  return end_hold(std::move(hold_id), charged, "settle", std::move(rule));
}

Async<model::LedgerEntry> CassandraLedgerStore::release(std::string hold_id, std::string rule) {
  return end_hold(std::move(hold_id), 0, "release", std::move(rule));
}

Async<std::optional<std::int64_t>> CassandraLedgerStore::find_named(std::string user_id, std::string section, std::string name) {
  GIBSEY_CO_TRY(const auto rows, co_await session_.read(
                                     cql("SELECT entry FROM ledger WHERE user_id = ? AND section = ? AND number = 0 AND name = ?",
                                         user_id, section, name)));
  std::optional<std::int64_t> entry;
  if (!rows.empty()) rows[0] >> entry;
  co_return entry;
}

Async<std::optional<model::LedgerEntry>> CassandraLedgerStore::find_entry(std::string user_id, std::int64_t number) {
  static const std::string kFind = kSelectEntry + "AND section = 'entry' AND number = ?";
  GIBSEY_CO_TRY(const auto rows, co_await session_.read(cql(kFind, user_id, number)));
  if (rows.empty()) co_return std::nullopt;
  co_return read_entry(rows[0]);
}

Async<model::LedgerEntry> CassandraLedgerStore::load_entry(std::string user_id, std::int64_t number) {
  GIBSEY_CO_TRY(auto entry, co_await find_entry(user_id, number));
  if (!entry)
    co_return fail(ErrorCode::corrupt, fmt::format("the ledger of {} lacks the entry {}; restore a backup", user_id, number));
  co_return *std::move(entry);
}

Async<std::optional<model::DebitOutcome>> CassandraLedgerStore::try_debit(std::string user_id, int amount, std::string key,
                                                                          int opening_grant) {
  GIBSEY_CO_TRY(const auto account, co_await load(user_id));
  if (!key.empty()) {
    GIBSEY_CO_TRY(const auto number, co_await find_named(user_id, kKeys, key));
    if (number) {
      GIBSEY_CO_TRY(auto first, co_await load_entry(user_id, *number));
      GIBSEY_CO_CHECK(check_same_debit(key, -first.amount, amount));
      co_return model::DebitOutcome(std::move(first));
    }
  }
  auto entries = opening_entries(account.known, opening_grant);
  const auto available = account.balance + (entries.empty() ? 0 : opening_grant);
  const bool enough = available >= amount;
  if (!enough && account.known) co_return model::InsufficientCredits{.needed = amount, .available = available};
  if (enough) entries.push_back({.kind = "debit", .amount = -std::int64_t{amount}, .ref = key});
  GIBSEY_CO_CHECK(number_entries(account.balance, account.last_number, user_id, entries));
  std::vector<Statement> rows;
  if (enough && !key.empty()) rows.push_back(insert_name(user_id, kKeys, key, entries.back().number));
  GIBSEY_CO_TRY(const bool committed, co_await commit(user_id, account, entries, std::move(rows)));
  if (!committed) co_return std::nullopt;
  if (!enough) co_return model::InsufficientCredits{.needed = amount, .available = available};
  co_return model::DebitOutcome(std::move(entries.back()));
}

Async<model::DebitOutcome> CassandraLedgerStore::debit(std::string user_id, int amount, std::string key, int opening_grant) {
  GIBSEY_CO_CHECK(check_debit(amount, opening_grant));
  const auto held = co_await locks_.take(user_id);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    GIBSEY_CO_TRY(auto outcome, co_await try_debit(user_id, amount, key, opening_grant));
    if (outcome) co_return *std::move(outcome);
  }
  co_return std::unexpected(too_many_writers(user_id));
}

/// The entry that `ref` names: by its id, else by the key of a debit.
Async<model::LedgerEntry> CassandraLedgerStore::load_by_ref(std::string user_id, std::string ref) {
  if (const auto number = number_in(ref); number > 0) {
    GIBSEY_CO_TRY(auto entry, co_await find_entry(user_id, number));
    if (entry && entry->id == ref) co_return *std::move(entry);
  }
  if (ref.empty()) co_return std::unexpected(nothing_to_give_back(user_id, ref));
  GIBSEY_CO_TRY(const auto number, co_await find_named(user_id, kKeys, ref));
  if (!number) co_return std::unexpected(nothing_to_give_back(user_id, ref));
  co_return co_await load_entry(user_id, *number);
}

/// What an entry took for good: a debit its amount, a hold what it was charged when it ended.
Async<std::int64_t> CassandraLedgerStore::taken_by(model::LedgerEntry entry) {
  if (entry.kind == "debit") co_return -entry.amount;
  if (entry.kind != "hold") co_return 0;
  GIBSEY_CO_TRY(const auto hold, co_await find_hold(entry.user_id, entry.id));
  co_return hold ? hold->charged : 0;
}

Async<std::optional<model::LedgerEntry>> CassandraLedgerStore::try_give_back(std::string user_id, std::int64_t amount,
                                                                             std::string ref, std::string reason) {
  GIBSEY_CO_TRY(const auto account, co_await load(user_id));
  GIBSEY_CO_TRY(const auto named, co_await load_by_ref(user_id, ref));
  GIBSEY_CO_TRY(const auto given, co_await find_named(user_id, kReturns, named.id));
  if (given) {
    GIBSEY_CO_TRY(auto first, co_await load_entry(user_id, *given));
    GIBSEY_CO_CHECK(check_same_return(ref, first.amount, amount));
    co_return first;
  }
  GIBSEY_CO_TRY(const auto taken, co_await taken_by(named));
  GIBSEY_CO_CHECK(check_return(ref, taken, amount));
  std::vector<model::LedgerEntry> entries{{.kind = "credit", .amount = amount, .ref = ref, .reason = reason}};
  GIBSEY_CO_CHECK(number_entries(account.balance, account.last_number, user_id, entries));
  std::vector<Statement> rows{insert_name(user_id, kReturns, named.id, entries[0].number)};
  GIBSEY_CO_TRY(const bool committed, co_await commit(user_id, account, entries, std::move(rows)));
  if (!committed) co_return std::nullopt;
  co_return entries[0];
}

Async<model::LedgerEntry> CassandraLedgerStore::give_back(std::string user_id, std::int64_t amount, std::string ref,
                                                          std::string reason) {
  GIBSEY_CO_CHECK(check_grant(amount));
  const auto held = co_await locks_.take(user_id);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    GIBSEY_CO_TRY(auto entry, co_await try_give_back(user_id, amount, ref, reason));
    if (entry) co_return *std::move(entry);
  }
  co_return std::unexpected(too_many_writers(user_id));
}

Async<model::LedgerEntry> CassandraLedgerStore::grant(std::string user_id, std::int64_t amount, std::string reason) {
  GIBSEY_CO_CHECK(check_grant(amount));
  const auto held = co_await locks_.take(user_id);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    GIBSEY_CO_TRY(const auto account, co_await load(user_id));
    std::vector<model::LedgerEntry> entries{{.kind = "grant", .amount = amount, .reason = reason}};
    GIBSEY_CO_CHECK(number_entries(account.balance, account.last_number, user_id, entries));
    GIBSEY_CO_TRY(const bool committed, co_await commit(user_id, account, entries, {}));
    if (committed) co_return entries[0];
  }
  co_return std::unexpected(too_many_writers(user_id));
}

Async<std::int64_t> CassandraLedgerStore::balance(std::string user_id) {
  GIBSEY_CO_TRY(const auto rows, co_await session_.read(cql("SELECT balance FROM ledger WHERE user_id = ? LIMIT 1", user_id)));
  std::int64_t balance = 0;
  if (!rows.empty()) rows[0] >> balance;
  co_return balance;
}

Async<std::vector<model::LedgerEntry>> CassandraLedgerStore::statement(std::string user_id, int limit) {
  static const std::string kStatement = kSelectEntry + "AND section = 'entry' LIMIT ?";
  std::vector<model::LedgerEntry> entries;
  if (limit <= 0) co_return entries;
  const auto keep = [&entries](Row row) {
    entries.push_back(read_entry(row));
    return Result<void>();
  };
  GIBSEY_CO_CHECK(co_await session_.each(cql(kStatement, user_id, limit), keep));
  co_return entries;
}

}  // namespace gibsey::store
