#pragma once
#include "store/turn_store.hpp"

#include <map>
#include <mutex>

namespace gibsey::store {

/// Turns in memory, gone with the object: for tests and for trying things out. Never suspends, never fails but as named.
class MemoryTurnStore final : public TurnStore {
 public:
  Async<void> begin(model::Turn turn) override;
  Async<void> append_reply(std::string turn_id, std::string text) override;
  Async<void> finish(model::Turn turn) override;
  Async<std::optional<model::Turn>> find(std::string turn_id) override;
  Async<std::vector<model::Turn>> history(std::string conversation_id, std::string user_id, int limit) override;
  Async<std::vector<model::Turn>> list_running() override;
  Async<std::int64_t> count() override;

 private:
  std::mutex mutex_;
  std::vector<model::Turn> turns_;            ///< in the order in which they began
  std::map<std::string, std::size_t> index_;  ///< id -> place in turns_
};

}  // namespace gibsey::store
