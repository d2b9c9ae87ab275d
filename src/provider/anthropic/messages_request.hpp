#pragma once
#include "provider/chat_model.hpp"
#include "provider/upstream.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

namespace gibsey::provider {

/// What a Messages request may hold for the model that is asked.
struct MessagesForm {
  bool temperature = true;
  /// Tells a model that thinks unasked not to.
  bool forbid_thinking = false;
  /// The model cannot be kept from thinking: its thoughts get tokens of their own, because max_tokens counts them too.
  bool room_to_think = false;
  bool low_effort = false;  ///< asks a model that thinks not to do it long
  /// ChatRequest::quotes go as a document before the question, a block each, of which the reply's citations name the number.
  bool cite_quotes = false;
};

/// `opening` as it is sent: whitespace at its end is refused.
[[nodiscard]] std::string_view sent_opening(std::string_view opening);

/// The body of POST /v1/messages. The leading system messages become `system`, those of them that are stable marked for the
/// server's cache; neighbours of one role become one message, later system messages the user's; blank messages are left out, and
/// the first is the user's ("..." where it is not). No top_p: newer models refuse it beside a temperature.
[[nodiscard]] nlohmann::json messages_request(const ChatRequest& request, const UpstreamOptions& options,
                                              const MessagesForm& form);

}  // namespace gibsey::provider
