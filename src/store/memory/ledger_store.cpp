#include "store/memory/ledger_store.hpp"

#include "base/ids.hpp"
#include "store/ledger_check.hpp"

#include <algorithm>

namespace gibsey::store {

// No coroutine here suspends, so that a lock is never held across a co_await.

Result<model::LedgerEntry> MemoryLedgerStore::append(const std::string& user_id, std::string kind, std::int64_t amount,
                                                     std::string ref, std::string reason) {
  auto& balance = balances_[user_id];
  GIBSEY_CHECK(check_room(balance, amount));
  balance += amount;
  return entries_.emplace_back(model::LedgerEntry{.number = static_cast<std::int64_t>(entries_.size()) + 1,
                                                  .id = random_id(),
                                                  .user_id = user_id,
                                                  .kind = std::move(kind),
                                                  .amount = amount,
                                                  .ref = std::move(ref),
                                                  .reason = std::move(reason),
                                                  .balance = balance,
                                                  .created = unix_millis_now()});
}

Result<std::int64_t> MemoryLedgerStore::open_account(const std::string& user_id, int opening_grant) {
  if (balances_.try_emplace(user_id, 0).second && opening_grant > 0) {
    GIBSEY_CHECK(append(user_id, "grant", opening_grant, "", "opening grant"));
  }
  return balances_[user_id];
}

const model::LedgerEntry* MemoryLedgerStore::find_entry(const std::string& user_id, const std::string& kind,
                                                        const std::string& name) const {
  const auto found = std::ranges::find_if(entries_, [&](const model::LedgerEntry& entry) {
    return entry.user_id == user_id && (kind.empty() ? entry.id == name : entry.kind == kind && entry.ref == name);
  });
  return found == entries_.end() ? nullptr : &*found;
}

Async<model::HoldOutcome> MemoryLedgerStore::hold(std::string user_id, std::string turn_id, int amount, int opening_grant) {
  GIBSEY_CO_CHECK(check_hold(amount, opening_grant));
  const std::lock_guard lock(mutex_);
  GIBSEY_CO_TRY(const auto available, open_account(user_id, opening_grant));
  if (available < amount) co_return model::InsufficientCredits{.needed = amount, .available = available};
  GIBSEY_CO_TRY(const auto entry, append(user_id, "hold", -amount, turn_id, ""));
  model::CreditHold hold{.id = entry.id,
                         .user_id = user_id,
                         .turn_id = turn_id,
                         .amount = amount,
                         .balance = entry.balance,
                         .created = entry.created};
  holds_.emplace(hold.id, HoldState{.hold = hold, .number = entry.number, .charged = 0, .end = std::nullopt});
  co_return hold;
}

Result<model::LedgerEntry> MemoryLedgerStore::end_hold(const std::string& hold_id, int charged, std::string kind,
                                                       std::string rule) {
  const std::lock_guard lock(mutex_);
  const auto found = holds_.find(hold_id);
  if (found == holds_.end()) return std::unexpected(unknown_hold(hold_id));
  auto& state = found->second;
  GIBSEY_CHECK(check_charge(hold_id, charged, state.hold.amount));
  if (state.end) {
    if (state.charged != charged) return std::unexpected(ended_otherwise(hold_id, state.charged, charged));
    return *state.end;
  }
  GIBSEY_TRY(auto entry, append(state.hold.user_id, std::move(kind), state.hold.amount - charged, hold_id, std::move(rule)));
  state.charged = charged;
  state.end = entry;
  return entry;
}

Async<model::LedgerEntry> MemoryLedgerStore::settle(std::string hold_id, int charged, std::string rule) {
  co_return end_hold(hold_id, charged, "settle", std::move(rule));
}

Async<model::LedgerEntry> MemoryLedgerStore::release(std::string hold_id, std::string rule) {
  co_return end_hold(hold_id, 0, "release", std::move(rule));
}

Async<model::DebitOutcome> MemoryLedgerStore::debit(std::string user_id, int amount, std::string key, int opening_grant) {
  GIBSEY_CO_CHECK(check_debit(amount, opening_grant));
  const std::lock_guard lock(mutex_);
  if (const auto* first = key.empty() ? nullptr : find_entry(user_id, "debit", key); first != nullptr) {
    GIBSEY_CO_CHECK(check_same_debit(key, -first->amount, amount));
    co_return *first;
  }
  GIBSEY_CO_TRY(const auto available, open_account(user_id, opening_grant));
  if (available < amount) co_return model::InsufficientCredits{.needed = amount, .available = available};
  GIBSEY_CO_TRY(auto entry, append(user_id, "debit", -amount, key, ""));
  co_return entry;
}

std::int64_t MemoryLedgerStore::taken_by(const model::LedgerEntry& entry) const {
  if (entry.kind == "debit") return -entry.amount;
  const auto hold = holds_.find(entry.id);
  return hold == holds_.end() ? 0 : hold->second.charged;
}

Async<model::LedgerEntry> MemoryLedgerStore::give_back(std::string user_id, std::int64_t amount, std::string ref,
                                                       std::string reason) {
  GIBSEY_CO_CHECK(check_grant(amount));
  const std::lock_guard lock(mutex_);
  const auto* named = find_entry(user_id, "", ref);
  if (named == nullptr && !ref.empty()) named = find_entry(user_id, "debit", ref);
  if (named == nullptr) co_return std::unexpected(nothing_to_give_back(user_id, ref));
  const auto* given = find_entry(user_id, "credit", named->id);
  // A debit has two names; given back by one of them, it is given back by the other too.
  if (given == nullptr && named->kind == "debit" && !named->ref.empty()) given = find_entry(user_id, "credit", named->ref);
  if (given != nullptr) {
    GIBSEY_CO_CHECK(check_same_return(ref, given->amount, amount));
    co_return *given;
  }
  GIBSEY_CO_CHECK(check_return(ref, taken_by(*named), amount));
  co_return append(user_id, "credit", amount, ref, std::move(reason));
}

Async<model::LedgerEntry> MemoryLedgerStore::grant(std::string user_id, std::int64_t amount, std::string reason) {
  GIBSEY_CO_CHECK(check_grant(amount));
  const std::lock_guard lock(mutex_);
  co_return append(user_id, "grant", amount, "", std::move(reason));
}

Async<std::int64_t> MemoryLedgerStore::balance(std::string user_id) {
  const std::lock_guard lock(mutex_);
  const auto found = balances_.find(user_id);
  co_return found == balances_.end() ? 0 : found->second;
}

Async<std::vector<model::LedgerEntry>> MemoryLedgerStore::statement(std::string user_id, int limit) {
  const std::lock_guard lock(mutex_);
  std::vector<model::LedgerEntry> newest_first;
  for (auto entry = entries_.rbegin(); entry != entries_.rend() && static_cast<int>(newest_first.size()) < limit; ++entry) {
    if (entry->user_id == user_id) newest_first.push_back(*entry);
  }
  co_return newest_first;
}

Async<std::vector<model::CreditHold>> MemoryLedgerStore::open_holds() {
  const std::lock_guard lock(mutex_);
  std::map<std::int64_t, model::CreditHold> oldest_first;
  for (const auto& [id, state] : holds_) {
    if (!state.end) oldest_first.emplace(state.number, state.hold);
  }
  std::vector<model::CreditHold> open;
  for (auto& [number, hold] : oldest_first) open.push_back(std::move(hold));
  co_return open;
}

Async<void> MemoryLedgerStore::verify() {
  const std::lock_guard lock(mutex_);
  std::map<std::string, std::int64_t> sums;
  for (const auto& entry : entries_) sums[entry.user_id] += entry.amount;
  for (const auto& [user_id, balance] : balances_) {
    if (sums[user_id] != balance) co_return std::unexpected(balance_differs(user_id));
  }
  for (const auto& [id, state] : holds_) {
    const auto& entry = entries_.at(static_cast<std::size_t>(state.number - 1));
    if (entry.id != id || entry.kind != "hold" || (state.end && state.end->ref != id)) {
      co_return std::unexpected(hold_differs(id));
    }
  }
  co_return Result<void>();
}

}  // namespace gibsey::store
