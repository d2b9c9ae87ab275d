#include "store/memory/outbox_store.hpp"

#include "base/ids.hpp"
#include "store/ledger_check.hpp"

#include <algorithm>

namespace gibsey::store {

// No coroutine here suspends, so that a lock is never held across a co_await.

Async<void> MemoryOutboxStore::begin_hold(model::CreditHold hold) {
  const std::lock_guard lock(mutex_);
  hold.balance = 0;
  const auto id = hold.id;
  if (!holds_.try_emplace(id, State{.held = {.hold = std::move(hold)}, .order = begun_ + 1}).second)
    co_return std::unexpected(hold_exists(id));
  ++begun_;
  co_return Result<void>();
}

Async<void> MemoryOutboxStore::confirm_hold(std::string hold_id, std::string entry_id, std::optional<std::int64_t> balance) {
  const std::lock_guard lock(mutex_);
  const auto found = holds_.find(hold_id);
  if (found == holds_.end()) co_return std::unexpected(unknown_hold(hold_id));
  auto& held = found->second.held;
  held.confirmed = true;
  held.entry_id = std::move(entry_id);
  held.balance_known = balance.has_value();
  held.hold.balance = balance.value_or(0);
  co_return Result<void>();
}

Async<void> MemoryOutboxStore::drop_hold(std::string hold_id) {
  const std::lock_guard lock(mutex_);
  const auto found = holds_.find(hold_id);
  if (found == holds_.end()) co_return std::unexpected(unknown_hold(hold_id));
  if (found->second.ending != 0) co_return std::unexpected(hold_has_ended(hold_id));
  holds_.erase(found);
  co_return Result<void>();
}

Async<model::LedgerEntry> MemoryOutboxStore::end_hold(std::string hold_id, int charged, std::string kind, std::string rule) {
  const std::lock_guard lock(mutex_);
  const auto found = holds_.find(hold_id);
  if (found == holds_.end()) co_return std::unexpected(unknown_hold(hold_id));
  auto& state = found->second;
  GIBSEY_CO_TRY(auto receipt, receipt_of(state.held, charged, std::move(kind), rule));
  if (state.ending != 0) {
    const auto& ending = endings_.at(state.ending);
    if (ending.charged != charged) co_return std::unexpected(ended_otherwise(hold_id, ending.charged, charged));
    co_return ending.receipt;
  }
  receipt.number = static_cast<std::int64_t>(endings_.size()) + 1;
  receipt.id = random_id();
  receipt.created = unix_millis_now();
  state.ending = receipt.number;
  endings_.emplace(
      receipt.number,
      Ending{.hold_id = hold_id, .receipt = receipt, .charged = charged, .waiting = receipt.amount > 0, .due = receipt.created});
  co_return receipt;
}

Async<std::vector<model::CreditHold>> MemoryOutboxStore::open_holds() {
  const std::lock_guard lock(mutex_);
  std::map<std::int64_t, model::CreditHold> oldest_first;
  for (const auto& [id, state] : holds_) {
    if (state.ending == 0) oldest_first.emplace(state.order, state.held.hold);
  }
  std::vector<model::CreditHold> open;
  open.reserve(oldest_first.size());
  for (auto& [order, hold] : oldest_first) open.push_back(std::move(hold));
  co_return open;
}

Async<std::vector<GiveBack>> MemoryOutboxStore::due_give_backs(UnixMillis now, int limit) {
  const std::lock_guard lock(mutex_);
  std::vector<std::pair<UnixMillis, std::int64_t>> due;
  for (const auto& [number, ending] : endings_) {
    if (ending.waiting && ending.due <= now) due.emplace_back(ending.due, number);
  }
  std::ranges::sort(due);
  std::vector<GiveBack> found;
  for (const auto& [time, number] : due) {
    if (static_cast<int>(found.size()) >= limit) break;
    const auto& ending = endings_.at(number);
    const auto& held = holds_.at(ending.hold_id).held;
    found.push_back({.number = number,
                     .hold_id = ending.hold_id,
                     .user_id = held.hold.user_id,
                     .amount = ending.receipt.amount,
                     .ref = held.entry_id.empty() ? held.hold.turn_id : held.entry_id,
                     .confirmed = held.confirmed,
                     .reason = ending.receipt.reason,
                     .attempts = ending.attempts,
                     .created = ending.receipt.created});
  }
  co_return found;
}

Async<std::optional<UnixMillis>> MemoryOutboxStore::next_due() {
  const std::lock_guard lock(mutex_);
  std::optional<UnixMillis> next;
  for (const auto& [number, ending] : endings_) {
    if (ending.waiting) next = std::min(next.value_or(ending.due), ending.due);
  }
  co_return next;
}

Async<void> MemoryOutboxStore::put_off(std::int64_t number, UnixMillis due) {
  const std::lock_guard lock(mutex_);
  if (const auto found = endings_.find(number); found != endings_.end() && found->second.waiting) {
    ++found->second.attempts;
    found->second.due = due;
  }
  co_return Result<void>();
}

Async<void> MemoryOutboxStore::close_give_back(std::int64_t number, Delivery delivery) {
  const std::lock_guard lock(mutex_);
  if (const auto found = endings_.find(number); found != endings_.end() && found->second.waiting) {
    found->second.waiting = false;
    found->second.refused = delivery == Delivery::refused;
  }
  co_return Result<void>();
}

Async<std::int64_t> MemoryOutboxStore::count_waiting() {
  const std::lock_guard lock(mutex_);
  co_return std::ranges::count_if(endings_, [](const auto& numbered) { return numbered.second.waiting; });
}

Async<std::int64_t> MemoryOutboxStore::count_refused() {
  const std::lock_guard lock(mutex_);
  co_return std::ranges::count_if(endings_, [](const auto& numbered) { return numbered.second.refused; });
}

Async<void> MemoryOutboxStore::verify() {
  const std::lock_guard lock(mutex_);
  for (const auto& [id, state] : holds_) {
    if (state.ending == 0) continue;
    const auto ending = endings_.find(state.ending);
    const bool fits = ending != endings_.end() && ending->second.hold_id == id && ending->second.charged >= 0 &&
                      ending->second.receipt.amount == state.held.hold.amount - ending->second.charged;
    if (!fits) co_return std::unexpected(hold_differs(id));
  }
  co_return Result<void>();
}

}  // namespace gibsey::store
