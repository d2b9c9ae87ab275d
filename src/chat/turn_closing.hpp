#pragma once
#include "base/result.hpp"
#include "chat/turn.hpp"

#include <boost/asio/awaitable.hpp>

#include <functional>

namespace gibsey::chat {

/// Whether the same call may succeed later: its store or ledger does not answer, or has too much to do.
[[nodiscard]] inline bool is_away(const Error& error) {
  return error.code == ErrorCode::unavailable || error.code == ErrorCode::busy;
}

/// Ends what a turn has begun, by its `outcome`: stores its text, settles or releases its hold, stores its record, calls
/// `before_end` and ends its log, once. While the store or the ledger is away all that is missing is tried again, until it is
/// there or the program stops (then recover_turns ends the turn at the next start); the log ends after
/// TurnSettings::closing_patience nonetheless, where the hold has not ended yet without a receipt, which the record gets later.
/// Errors: as TurnStore::finish.
boost::asio::awaitable<Result<void>> close_turn(AdmittedTurn& turn, TurnParts& parts, const Result<void>& outcome,
                                                std::function<void()> before_end);

/// Its readers hear the last events, as its record says them, and that none will follow.
void end_log(AdmittedTurn& turn);

}  // namespace gibsey::chat
