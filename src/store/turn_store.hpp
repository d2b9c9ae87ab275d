#pragma once
#include "model/turn.hpp"
#include "store/store_fwd.hpp"

#include <optional>
#include <string>
#include <vector>

namespace gibsey::store {

/// The append-only record of turns and of what their readers saw. Durable when a call returns. Errors: unavailable, corrupt, and
/// those named. Concurrent.
class TurnStore {
 public:
  virtual ~TurnStore() = default;

  /// Records a turn that begins (its status is stored as running, whatever it says); conflict when the id exists. `parent_id`
  /// need not exist.
  virtual Async<void> begin(model::Turn turn) = 0;
  /// Appends to the log of a running turn; the events are numbered on from `first_seq`. Tokens among them are the reply so far.
  /// Called in batches, not per token. not_found when no turn of that id runs; conflict when `first_seq` is not above the last
  /// number (which does not matter where there are no events).
  virtual Async<void> append_events(std::string turn_id, std::int64_t first_seq, std::vector<model::TurnEvent> events) = 0;
  /// Stores everything of `turn` but the identity fields (id, conversation, parent, dialect, user, world, character, question,
  /// created), and appends `events` to its log, whatever its status, in one transaction; the reply given here is the whole
  /// reply. May be called again, which stores anew. Errors as append_events, but for not_found: an id that never began.
  virtual Async<void> finish(model::Turn turn, std::int64_t first_seq, std::vector<model::TurnEvent> events) = 0;

  /// While it runs, `reply` is what the log holds of it.
  virtual Async<std::optional<model::Turn>> find(std::string turn_id) = 0;
  /// The events after `after_seq` (0: all), in order, at most `limit`; none for an unknown turn.
  virtual Async<std::vector<model::NumberedEvent>> events(std::string turn_id, std::int64_t after_seq, int limit) = 0;
  /// The way from the first turn of the conversation to `last_turn_id`, along parents: the last `limit` of its turns that are not
  /// running and belong to `user_id`, oldest first. A turn of another user or conversation ends the way, and so does a parent
  /// that began after its child.
  virtual Async<std::vector<model::Turn>> history(std::string last_turn_id, std::string user_id, int limit) = 0;
  /// Turns with status running: after a start, those that a crash interrupted.
  virtual Async<std::vector<model::Turn>> list_running() = 0;
  virtual Async<std::int64_t> count() = 0;

  /// A conversation is its first turn's user's; turns that others add to it are not counted in it. `created` is that of the first
  /// turn, `updated` the latest of all that begin and finish were given; the world is the last turn's, as the character is.
  virtual Async<std::optional<model::Conversation>> find_conversation(std::string conversation_id) = 0;
  /// Newest first (by `updated`, then id), at most `limit`, after the conversation `after` ("" from the newest; not_found
  /// when this user has no such conversation).
  virtual Async<std::vector<model::Conversation>> list_conversations(std::string user_id, std::string after, int limit) = 0;
  /// All its turns in the order in which they began.
  virtual Async<std::vector<model::Turn>> list_turns(std::string conversation_id) = 0;
  /// With its turns, events and what recall holds of them; not_found. Conflict while one of its turns runs.
  virtual Async<void> remove_conversation(std::string conversation_id) = 0;

  /// Claims (user, route, key), or answers the claim that stands: one made at or after `not_before`; an older one is replaced.
  virtual Async<model::IdempotencyClaim> claim(model::IdempotencyClaim claim, UnixMillis not_before) = 0;
  /// Gives up a claim of this turn, after a request that was refused: the next request with the key is a new one.
  virtual Async<void> drop_claim(std::string turn_id) = 0;
};

}  // namespace gibsey::store
