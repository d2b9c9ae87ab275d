#pragma once
#include "model/turn.hpp"
#include "store/store_fwd.hpp"

#include <optional>
#include <string>
#include <vector>

namespace gibsey::store {

/// The append-only record of turns. Durable when a call returns. Errors: unavailable, corrupt, and those named. Concurrent.
class TurnStore {
 public:
  virtual ~TurnStore() = default;

  /// Records a turn that begins (its status is stored as running, whatever it says); conflict when the id exists.
  virtual Async<void> begin(model::Turn turn) = 0;
  /// Appends to the reply of a running turn; not_found when there is none. Called in batches, not per token.
  virtual Async<void> append_reply(std::string turn_id, std::string text) = 0;
  /// Stores everything of `turn` but the identity fields (id, conversation, user, world, character, question, created);
  /// the reply given here is the whole reply. May be called again, which stores anew; not_found for an id that never
  /// began.
  virtual Async<void> finish(model::Turn turn) = 0;

  virtual Async<std::optional<model::Turn>> find(std::string turn_id) = 0;
  /// The last `limit` turns that are not running of a conversation that belongs to `user_id`, in the order in which they
  /// began.
  virtual Async<std::vector<model::Turn>> history(std::string conversation_id, std::string user_id, int limit) = 0;
  /// Turns with status running: after a start, those that a crash interrupted.
  virtual Async<std::vector<model::Turn>> list_running() = 0;
  virtual Async<std::int64_t> count() = 0;
};

}  // namespace gibsey::store
