#pragma once
#include "model/turn.hpp"
#include "store/cassandra/session.hpp"

#include <string>
#include <vector>

namespace gibsey::store::cassandra {

/// "number, last_event, id, conversation_id, ...": the columns that read_turn_row takes, all static in the turn's partition.
[[nodiscard]] std::string turn_columns();
/// Reads what follows number and last_event. Error: corrupt.
Result<void> read_turn_row(Row& row, model::Turn& turn);

/// If there is no such turn.
[[nodiscard]] Statement begin_statement(const model::Turn& turn, std::int64_t number, const std::string& mark);
/// Everything of the turn but its identity, and the number of the last event, if the condition holds; `condition` takes the last
/// value.
[[nodiscard]] Statement finish_statement(const model::Turn& turn, std::int64_t last_event, const std::string& mark,
                                         const std::string& condition, Value value);
[[nodiscard]] Statement events_statement(const std::string& turn_id, std::int64_t first_seq, const std::string& batch,
                                         const std::vector<model::TurnEvent>& events);

}  // namespace gibsey::store::cassandra
