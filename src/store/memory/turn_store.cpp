#include "store/memory/turn_store.hpp"

#include "store/turn_check.hpp"

#include <algorithm>

namespace gibsey::store {

// No function here suspends, so that a lock is never held across a co_await.

Async<void> MemoryTurnStore::begin(model::Turn turn) {
  const std::lock_guard lock(mutex_);
  if (!index_.try_emplace(turn.id, turns_.size()).second) co_return std::unexpected(turn_exists(turn.id));
  turn.status = model::TurnStatus::running;
  turns_.push_back(std::move(turn));
  co_return Result<void>();
}

Async<void> MemoryTurnStore::append_reply(std::string turn_id, std::string text) {
  const std::lock_guard lock(mutex_);
  const auto found = index_.find(turn_id);
  if (found == index_.end() || turns_[found->second].status != model::TurnStatus::running) {
    co_return std::unexpected(no_running_turn(turn_id));
  }
  turns_[found->second].reply += text;
  co_return Result<void>();
}

Async<void> MemoryTurnStore::finish(model::Turn turn) {
  const std::lock_guard lock(mutex_);
  const auto found = index_.find(turn.id);
  if (found == index_.end()) co_return std::unexpected(unknown_turn(turn.id));
  auto& stored = turns_[found->second];
  turn.conversation_id = stored.conversation_id;
  turn.user_id = stored.user_id;
  turn.world = stored.world;
  turn.character_id = stored.character_id;
  turn.question = stored.question;
  turn.created = stored.created;
  stored = std::move(turn);
  co_return Result<void>();
}

Async<std::optional<model::Turn>> MemoryTurnStore::find(std::string turn_id) {
  const std::lock_guard lock(mutex_);
  const auto found = index_.find(turn_id);
  if (found == index_.end()) co_return std::nullopt;
  co_return turns_[found->second];
}

Async<std::vector<model::Turn>> MemoryTurnStore::history(std::string conversation_id, std::string user_id, int limit) {
  const std::lock_guard lock(mutex_);
  std::vector<model::Turn> newest_first;
  for (auto turn = turns_.rbegin(); turn != turns_.rend() && static_cast<int>(newest_first.size()) < limit; ++turn) {
    const bool wanted = turn->conversation_id == conversation_id && turn->user_id == user_id &&
                        turn->status != model::TurnStatus::running;
    if (wanted) newest_first.push_back(*turn);
  }
  std::reverse(newest_first.begin(), newest_first.end());
  co_return newest_first;
}

Async<std::vector<model::Turn>> MemoryTurnStore::list_running() {
  const std::lock_guard lock(mutex_);
  std::vector<model::Turn> running;
  for (const auto& turn : turns_) {
    if (turn.status == model::TurnStatus::running) running.push_back(turn);
  }
  co_return running;
}

Async<std::int64_t> MemoryTurnStore::count() {
  const std::lock_guard lock(mutex_);
  co_return static_cast<std::int64_t>(turns_.size());
}

}  // namespace gibsey::store
