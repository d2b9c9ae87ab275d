#include "store/memory/turn_store.hpp"

#include "store/turn_check.hpp"

#include <algorithm>

namespace gibsey::store {

// No function here suspends, so that a lock is never held across a co_await.

MemoryTurnStore::StoredTurn* MemoryTurnStore::stored(const std::string& turn_id) {
  const auto number = numbers_.find(turn_id);
  return number == numbers_.end() ? nullptr : &turns_.at(number->second);
}

Async<void> MemoryTurnStore::begin(model::Turn turn) {
  const std::lock_guard lock(mutex_);
  if (!numbers_.try_emplace(turn.id, last_number_ + 1).second) co_return std::unexpected(turn_exists(turn.id));
  turn.status = model::TurnStatus::running;
  turn.reply.clear();
  note_begin(turn);
  turns_[++last_number_].turn = std::move(turn);
  co_return Result<void>();
}

Result<void> MemoryTurnStore::append(StoredTurn& stored, std::int64_t first_seq, std::vector<model::TurnEvent> events) {
  if (events.empty()) return {};
  GIBSEY_CHECK(check_event_number(stored.turn.id, first_seq, stored.log.empty() ? 0 : stored.log.back().seq));
  for (auto& event : events) {
    if (stored.turn.status == model::TurnStatus::running) follow_reply(stored.turn.reply, event);
    stored.log.push_back({first_seq++, std::move(event)});
  }
  return {};
}

Async<void> MemoryTurnStore::append_events(std::string turn_id, std::int64_t first_seq, std::vector<model::TurnEvent> events) {
  const std::lock_guard lock(mutex_);
  auto* found = stored(turn_id);
  if (found == nullptr || found->turn.status != model::TurnStatus::running) co_return std::unexpected(no_running_turn(turn_id));
  co_return append(*found, first_seq, std::move(events));
}

Async<void> MemoryTurnStore::finish(model::Turn turn, std::int64_t first_seq, std::vector<model::TurnEvent> events) {
  const std::lock_guard lock(mutex_);
  auto* found = stored(turn.id);
  if (found == nullptr) co_return std::unexpected(unknown_turn(turn.id));
  GIBSEY_CO_CHECK(append(*found, first_seq, std::move(events)));
  auto& begun = found->turn;
  turn.conversation_id = begun.conversation_id;
  turn.parent_id = begun.parent_id;
  turn.dialect = begun.dialect;
  turn.user_id = begun.user_id;
  turn.world = begun.world;
  turn.character_id = begun.character_id;
  turn.question = begun.question;
  turn.created = begun.created;
  note_finish(turn);
  begun = std::move(turn);
  co_return Result<void>();
}

Async<std::optional<model::Turn>> MemoryTurnStore::find(std::string turn_id) {
  const std::lock_guard lock(mutex_);
  const auto* found = stored(turn_id);
  if (found == nullptr) co_return std::nullopt;
  co_return found->turn;
}

Async<std::vector<model::NumberedEvent>> MemoryTurnStore::events(std::string turn_id, std::int64_t after_seq, int limit) {
  const std::lock_guard lock(mutex_);
  std::vector<model::NumberedEvent> later;
  const auto* found = stored(turn_id);
  if (found == nullptr) co_return later;
  auto next = std::ranges::upper_bound(found->log, after_seq, {}, &model::NumberedEvent::seq);
  for (; next != found->log.end() && static_cast<int>(later.size()) < limit; ++next) later.push_back(*next);
  co_return later;
}

Async<std::vector<model::Turn>> MemoryTurnStore::history(std::string last_turn_id, std::string user_id, int limit) {
  const std::lock_guard lock(mutex_);
  std::vector<model::Turn> newest_first;
  auto number = numbers_.find(last_turn_id);
  const model::Turn* child = nullptr;
  std::int64_t child_number = 0;
  while (number != numbers_.end() && static_cast<int>(newest_first.size()) < limit) {
    const auto& turn = turns_.at(number->second).turn;
    if (turn.user_id != user_id) break;
    if (child != nullptr && (turn.conversation_id != child->conversation_id || number->second >= child_number)) break;
    if (turn.status != model::TurnStatus::running) newest_first.push_back(turn);
    child = &turn;
    child_number = number->second;
    number = numbers_.find(turn.parent_id);
  }
  std::ranges::reverse(newest_first);
  co_return newest_first;
}

Async<std::vector<model::Turn>> MemoryTurnStore::list_running() {
  const std::lock_guard lock(mutex_);
  std::vector<model::Turn> running;
  for (const auto& [number, stored] : turns_) {
    if (stored.turn.status == model::TurnStatus::running) running.push_back(stored.turn);
  }
  co_return running;
}

Async<std::int64_t> MemoryTurnStore::count() {
  const std::lock_guard lock(mutex_);
  co_return static_cast<std::int64_t>(turns_.size());
}

}  // namespace gibsey::store
