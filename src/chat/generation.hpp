#pragma once
#include "chat/prompt.hpp"
#include "chat/reply_check.hpp"
#include "chat/reply_writer.hpp"
#include "chat/turn.hpp"

#include <boost/asio/awaitable.hpp>

#include <optional>

namespace gibsey::chat {

/// How a reply was made.
struct Generation {
  Result<model::FinishReason> ended = model::FinishReason::stop;
  std::optional<Deadline::Clock::time_point> first_token;  ///< when the model's first text came
};

/// Has the turn's model answer `prompt`: its text goes through `check` to `writer`. Tokens stream as they come; a tiny model's go
/// sentence by sentence through a guard, and a generation that goes astray is begun again after what was accepted. Adds to the
/// record's usage. Errors: those of the provider; unavailable when a tiny model found no words that are fit to print.
boost::asio::awaitable<Generation> generate_reply(AdmittedTurn& turn, TurnParts& parts, const Prompt& prompt, ReplyCheck& check,
                                                  ReplyWriter& writer);

}  // namespace gibsey::chat
