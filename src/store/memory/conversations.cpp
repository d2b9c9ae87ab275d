// The conversations and claims of MemoryTurnStore.
#include "store/memory/turn_store.hpp"
#include "store/turn_check.hpp"

#include <algorithm>

namespace gibsey::store {

void MemoryTurnStore::note_begin(const model::Turn& turn) {
  auto& conversation = conversations_[turn.conversation_id];
  if (conversation.turns == 0) {
    conversation = {.id = turn.conversation_id,
                    .user_id = turn.user_id,
                    .first_question = turn.question,
                    .created = turn.created,
                    .updated = turn.updated};
  }
  if (conversation.user_id != turn.user_id) return;
  conversation.world = turn.world;
  conversation.character_id = turn.character_id;
  conversation.last_turn_id = turn.id;
  ++conversation.turns;
  conversation.updated = std::max(conversation.updated, turn.updated);
}

void MemoryTurnStore::note_finish(const model::Turn& turn) {
  auto& conversation = conversations_[turn.conversation_id];
  if (conversation.user_id == turn.user_id) conversation.updated = std::max(conversation.updated, turn.updated);
}

Async<std::optional<model::Conversation>> MemoryTurnStore::find_conversation(std::string conversation_id) {
  const std::lock_guard lock(mutex_);
  const auto found = conversations_.find(conversation_id);
  if (found == conversations_.end()) co_return std::nullopt;
  co_return found->second;
}

Async<std::vector<model::Conversation>> MemoryTurnStore::list_conversations(std::string user_id, std::string after, int limit) {
  const std::lock_guard lock(mutex_);
  std::vector<model::Conversation> own;
  for (const auto& [id, conversation] : conversations_) {
    if (conversation.user_id == user_id) own.push_back(conversation);
  }
  std::ranges::sort(own, std::greater{},
                    [](const auto& conversation) { return std::tie(conversation.updated, conversation.id); });
  if (!after.empty()) {
    const auto last = std::ranges::find(own, after, &model::Conversation::id);
    if (last == own.end()) co_return std::unexpected(unknown_conversation(after));
    own.erase(own.begin(), last + 1);
  }
  if (own.size() > static_cast<std::size_t>(std::max(limit, 0))) own.resize(static_cast<std::size_t>(std::max(limit, 0)));
  co_return own;
}

Async<std::vector<model::Turn>> MemoryTurnStore::list_turns(std::string conversation_id) {
  const std::lock_guard lock(mutex_);
  std::vector<model::Turn> listed;
  for (const auto& [number, stored] : turns_) {
    if (stored.turn.conversation_id == conversation_id) listed.push_back(stored.turn);
  }
  co_return listed;
}

Async<void> MemoryTurnStore::remove_conversation(std::string conversation_id) {
  const std::lock_guard lock(mutex_);
  const auto belongs = [&](const auto& numbered) { return numbered.second.turn.conversation_id == conversation_id; };
  const bool running = std::ranges::any_of(turns_, [&](const auto& numbered) {
    return belongs(numbered) && numbered.second.turn.status == model::TurnStatus::running;
  });
  if (running) co_return std::unexpected(conversation_is_running(conversation_id));
  if (conversations_.erase(conversation_id) == 0) co_return std::unexpected(unknown_conversation(conversation_id));
  std::erase_if(turns_, belongs);
  std::erase_if(numbers_, [&](const auto& known) { return !turns_.contains(known.second); });
  co_return Result<void>();
}

Async<model::IdempotencyClaim> MemoryTurnStore::claim(model::IdempotencyClaim claim, UnixMillis not_before) {
  const std::lock_guard lock(mutex_);
  std::erase_if(claims_, [&](const auto& known) {
    const auto& other = known.second;
    return other.user_id == claim.user_id && other.route == claim.route && other.made < not_before;
  });
  co_return claims_.try_emplace({claim.user_id, claim.route, claim.key}, claim).first->second;
}

Async<void> MemoryTurnStore::drop_claim(std::string turn_id) {
  const std::lock_guard lock(mutex_);
  std::erase_if(claims_, [&](const auto& known) { return known.second.turn_id == turn_id; });
  co_return Result<void>();
}

}  // namespace gibsey::store
