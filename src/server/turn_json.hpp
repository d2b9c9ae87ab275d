#pragma once
#include "model/turn.hpp"
#include "server/json_response.hpp"

#include <string>

namespace gibsey::server {

/// The name of an event on the wire: "turn", "sources", "context", "token", "quote", "replace", "usage", "ledger", "done",
/// "error".
[[nodiscard]] const char* event_name(const model::TurnEvent& event);
/// Its data: JSON, but the raw text of a token.
[[nodiscard]] std::string event_text(const model::TurnEvent& event);

[[nodiscard]] Json to_json(const model::Source& source);
[[nodiscard]] Json to_json(const model::Quote& quote);
[[nodiscard]] Json to_json(const model::Receipt& receipt);
[[nodiscard]] Json to_json(const model::Sentiment& sentiment);
/// The whole record of a turn, as GET /v1/turns/{id} gives it.
[[nodiscard]] Json to_json(const model::Turn& turn);

}  // namespace gibsey::server
