#pragma once
#include "base/result.hpp"
#include "store/ledger_store.hpp"
#include "store/turn_store.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <map>
#include <set>
#include <string>

namespace gibsey::chat {

/// By how much the numbers of the events that end an interrupted turn lie above the last stored one. A reader may have been sent
/// events that were not stored when the program died (a quarter of a second of them): an id is never given twice.
inline constexpr std::int64_t kCrashGap = 10'000;

/// The ledgers in use, by dialect: that of a turn's dialect, else the one under "".
using Ledgers = std::map<std::string, store::LedgerStore*>;

/// After a start: a turn that a crash left running is marked interrupted and what it held is given back; where its hold had been
/// settled, its text was whole and it is marked complete. A hold of a turn that never began is given back, one of a complete turn
/// settled. Answers how many turns were found running. May be run again.
boost::asio::awaitable<Result<int>> recover_turns(store::TurnStore& turns, Ledgers ledgers);

/// Ends holds older than `limit` whose turn is not running (one that could not be settled when its turn ended). Answers how many.
boost::asio::awaitable<Result<int>> sweep_holds(store::TurnStore& turns, Ledgers ledgers, std::chrono::milliseconds limit);

/// Gives back what is held for turns that never began, where a hold was stored and nobody knows. The first error, after all were
/// tried; may be called again.
boost::asio::awaitable<Result<void>> release_holds_of(const std::set<std::string>& turn_ids, std::string rule,
                                                      store::LedgerStore& ledger);

}  // namespace gibsey::chat
