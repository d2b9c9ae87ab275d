#pragma once
#include "chat/turn_service.hpp"

#include <memory>
#include <vector>

namespace gibsey::chat {

/// A turn that has ended, replayed from the store. `events` in order; a turn recorded before events were kept has none: they are
/// made anew from its record.
[[nodiscard]] std::shared_ptr<RunningTurn> make_stored_turn(const model::Turn& turn, std::vector<model::NumberedEvent> events);

/// The events by which a recorded turn is told when its log has none.
[[nodiscard]] std::vector<model::TurnEvent> events_of_record(const model::Turn& turn);
/// The last of them: usage, ledger, done or error.
[[nodiscard]] std::vector<model::TurnEvent> closing_events(const model::Turn& turn);

}  // namespace gibsey::chat
