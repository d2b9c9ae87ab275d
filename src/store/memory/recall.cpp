// What MemoryTurnStore holds for personas, and its usage log.
#include "base/utf8.hpp"
#include "store/memory/turn_store.hpp"
#include "store/turn_check.hpp"

#include <algorithm>

namespace gibsey::store {

Async<void> MemoryTurnStore::put_fact(Fact fact) {
  const std::lock_guard lock(mutex_);
  if (std::ranges::find(facts_, fact.id, &Fact::id) != facts_.end()) co_return std::unexpected(fact_exists(fact.id));
  facts_.push_back(std::move(fact));
  co_return Result<void>();
}

Async<std::vector<Fact>> MemoryTurnStore::list_facts(std::string user_id, std::string character_id, int limit) {
  const std::lock_guard lock(mutex_);
  std::vector<Fact> own;
  for (const auto& fact : facts_) {
    if (fact.user_id != user_id || fact.character_id != character_id) continue;
    // Of two of one time, the one that came later goes first.
    own.insert(std::ranges::lower_bound(own, fact.created, std::greater{}, &Fact::created), fact);
  }
  if (own.size() > static_cast<std::size_t>(std::max(limit, 0))) own.resize(static_cast<std::size_t>(std::max(limit, 0)));
  co_return own;
}

Async<void> MemoryTurnStore::put_turn_vector(std::string turn_id, std::string embedding_model, std::vector<float> vector) {
  if (vector.empty()) co_return std::unexpected(empty_vector(turn_id));
  const std::lock_guard lock(mutex_);
  if (auto* found = stored(turn_id); found != nullptr) found->vectors[embedding_model] = std::move(vector);
  co_return Result<void>();
}

Async<std::vector<Recollection>> MemoryTurnStore::recollections(std::string user_id, std::string character_id,
                                                                std::string embedding_model, int limit) {
  const std::lock_guard lock(mutex_);
  std::vector<Recollection> newest_first;
  for (auto next = turns_.rbegin(); next != turns_.rend() && static_cast<int>(newest_first.size()) < limit; ++next) {
    const auto& [turn, log, vectors] = next->second;
    const auto vector = vectors.find(embedding_model);
    const bool wanted = turn.user_id == user_id && turn.character_id == character_id && vector != vectors.end() &&
                        turn.status != model::TurnStatus::running;
    if (!wanted) continue;
    newest_first.push_back(
        {.turn_id = turn.id, .question = turn.question, .reply = turn.reply, .created = turn.created, .vector = vector->second});
  }
  co_return newest_first;
}

Async<void> MemoryTurnStore::log_usage(model::UsageRow row) {
  const std::lock_guard lock(mutex_);
  row.number = static_cast<std::int64_t>(usage_.size()) + 1;
  row.query = utf8::slice(row.query, 0, kLongestUsageQuery);
  usage_.push_back(std::move(row));
  co_return Result<void>();
}

Async<std::vector<model::UsageRow>> MemoryTurnStore::list_usage(std::int64_t before, int limit) {
  const std::lock_guard lock(mutex_);
  std::vector<model::UsageRow> newest_first;
  for (auto row = usage_.rbegin(); row != usage_.rend() && static_cast<int>(newest_first.size()) < limit; ++row) {
    if (before == 0 || row->number < before) newest_first.push_back(*row);
  }
  co_return newest_first;
}

}  // namespace gibsey::store
