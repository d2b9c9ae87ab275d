#pragma once
#include "chat/turn.hpp"

#include <boost/asio/awaitable.hpp>

namespace gibsey::chat {

/// Passages -> prompt -> a model's reply into the turn's log and record. When a model fails, the next in the order takes over
/// with the same persona, sources and numbers; what becomes of text that the reader has seen is the dialect's rule
/// (Dialect::takeover). Errors: what is left when nobody can answer; the record then holds the text so far.
boost::asio::awaitable<Result<void>> answer(AdmittedTurn& turn, TurnParts& parts);

}  // namespace gibsey::chat
