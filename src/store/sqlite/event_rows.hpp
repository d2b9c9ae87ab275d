#pragma once
#include "model/turn.hpp"
#include "store/sqlite/connection.hpp"

#include <string>
#include <vector>

/// The log of a turn, named by its number in the table of turns: one row a batch of events.
namespace gibsey::store::sqlite {

/// No events add nothing, whatever `first_seq`; conflict when it is not above the last number.
Result<void> add_batch(Connection& db, std::int64_t turn, const std::string& turn_id, std::int64_t first_seq,
                       const std::vector<model::TurnEvent>& events);
/// The events after `after_seq`, at most `limit`.
Result<std::vector<model::NumberedEvent>> load_batches(Connection& db, std::int64_t turn, std::int64_t after_seq, int limit);
/// What the log holds of the reply.
Result<std::string> load_reply(Connection& db, std::int64_t turn);

}  // namespace gibsey::store::sqlite
