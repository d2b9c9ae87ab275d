#pragma once
#include "base/result.hpp"
#include "model/turn.hpp"

#include <string>

/// What every turn store refuses, in the same words, and how it reads a log.
namespace gibsey::store {

[[nodiscard]] Error turn_exists(const std::string& id);              ///< conflict
[[nodiscard]] Error no_running_turn(const std::string& id);          ///< not_found
[[nodiscard]] Error unknown_turn(const std::string& id);             ///< not_found
[[nodiscard]] Error unknown_conversation(const std::string& id);     ///< not_found
[[nodiscard]] Error conversation_is_running(const std::string& id);  ///< conflict
[[nodiscard]] Error fact_exists(const std::string& id);              ///< conflict
[[nodiscard]] Error empty_vector(const std::string& turn_id);        ///< invalid_argument
/// conflict unless `first_seq` is above `last`, the number of the newest event (0: there is none).
Result<void> check_event_number(const std::string& turn_id, std::int64_t first_seq, std::int64_t last);

/// Brings `reply`, what the events before `event` wrote, up to it.
void follow_reply(std::string& reply, const model::TurnEvent& event);

}  // namespace gibsey::store
