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

/// Ends what a turn has begun, by its `outcome`: stores its text, settles or releases its hold, stores its record, and calls
/// `tell`, once. While the store or the ledger is away all that is missing is tried again, until it is there or the program stops
/// (then recover_turns ends the turn at the next start); whoever waits is told after TurnSettings::closing_patience nonetheless,
/// where the hold has not ended yet without a receipt, which the record gets later. Errors: as TurnStore::finish.
boost::asio::awaitable<Result<void>> close_books(AdmittedTurn& turn, TurnParts& parts, const Result<void>& outcome,
                                                 std::function<void()> tell);

}  // namespace gibsey::chat
