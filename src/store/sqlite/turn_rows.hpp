#pragma once
#include "model/turn.hpp"
#include "store/sqlite/connection.hpp"

#include <optional>
#include <string>
#include <vector>

/// The statements of TurnStore on turns and their logs; each function does what the method of that name promises, inside the
/// caller's transaction.
namespace gibsey::store::sqlite {

Result<void> begin_turn(Connection& db, const model::Turn& turn);
Result<void> append_events(Connection& db, const std::string& turn_id, std::int64_t first_seq,
                           const std::vector<model::TurnEvent>& events);
Result<void> finish_turn(Connection& db, const model::Turn& turn, std::int64_t first_seq,
                         const std::vector<model::TurnEvent>& events);

Result<std::optional<model::Turn>> find_turn(Connection& db, const std::string& turn_id);
Result<std::vector<model::NumberedEvent>> load_events(Connection& db, const std::string& turn_id, std::int64_t after_seq,
                                                      int limit);
Result<std::vector<model::Turn>> history(Connection& db, const std::string& last_turn_id, const std::string& user_id, int limit);
Result<std::vector<model::Turn>> list_running(Connection& db);
Result<std::vector<model::Turn>> list_turns(Connection& db, const std::string& conversation_id);

}  // namespace gibsey::store::sqlite
