#pragma once
#include "chat/prompt.hpp"
#include "chat/turn.hpp"
#include "chat/turn_sources.hpp"

#include <boost/asio/awaitable.hpp>

#include <string>
#include <vector>

namespace gibsey::chat {

/// What goes before a question: the talk so far and what the persona remembers of this reader.
struct Background {
  std::vector<PastExchange> history;
  std::string remembered;
  std::vector<std::string> notes;  ///< what the book wrote at night about the character's pages
};

/// Errors: those of the turn store. A memory that fails costs the reader nothing but the memory.
boost::asio::awaitable<Result<Background>> load_background(AdmittedTurn& turn, TurnParts& parts);

/// The sampling of this turn for the model that answers it, into its record.
void choose_tone(AdmittedTurn& turn, const TurnParts& parts);

/// The messages for the model that answers, in the form that its size asks for, within its context; what they hold goes into the
/// record. Errors: those of compose_prompt and of the world's template.
[[nodiscard]] Result<Prompt> compose_for_model(AdmittedTurn& turn, TurnParts& parts, const FoundSources& found,
                                               const Background& background);

/// Tokens that a reply may have: what was asked for, and at most half of the model's room.
[[nodiscard]] int most_reply_tokens(const AdmittedTurn& turn);

}  // namespace gibsey::chat
