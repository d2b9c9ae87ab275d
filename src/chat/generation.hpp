#pragma once
#include "chat/prompt.hpp"
#include "chat/reply_check.hpp"
#include "chat/reply_writer.hpp"
#include "chat/turn.hpp"

#include <boost/asio/awaitable.hpp>

namespace gibsey::chat {

/// Has the model answer `prompt`: its text goes through `check` to `writer`. Tokens stream as they come; a tiny model's go
/// sentence by sentence through a guard, and a generation that goes astray is begun again after what was accepted. Adds to the
/// record's usage. Says how the reply ended. Errors: those of the provider; unavailable when a tiny model found no words that are
/// fit to print.
boost::asio::awaitable<Result<model::FinishReason>> generate_reply(AdmittedTurn& turn, TurnParts& parts, const Prompt& prompt,
                                                                   ReplyCheck& check, ReplyWriter& writer);

}  // namespace gibsey::chat
