#pragma once
#include "chat/prompt.hpp"
#include "model/turn.hpp"
#include "store/history_window.hpp"
#include "store/turn_store.hpp"

#include <boost/asio/awaitable.hpp>

#include <string>
#include <vector>

namespace gibsey::chat {

/// What the model is shown of a conversation. The turn log (`recorded`, oldest first, on the way to the turn at hand) is the
/// record. The window may know besides what another program added to the same conversation, or be behind: it is taken where
/// nothing is recorded, and where all that is recorded stands in it in the same order (a full one may have dropped the oldest);
/// else the record is. Ask it only for a conversation that is this user's or that the log does not know: it does not know users.
[[nodiscard]] std::vector<PastExchange> choose_history(std::vector<PastExchange> recorded,
                                                       const std::vector<store::WindowMessage>& window);

/// Empty where the window has trouble, which goes to the log: it never costs the reader the reply.
boost::asio::awaitable<std::vector<store::WindowMessage>> load_window(store::HistoryWindow& window, std::string conversation_id);

/// Adds a turn that has ended; one without a reply is left out. A reply that replaces another (a sibling) must not be added: the
/// window knows no branches. Of a conversation that was removed meanwhile nothing stays. Trouble goes to the log.
boost::asio::awaitable<void> append_to_window(store::HistoryWindow& window, store::TurnStore& turns, const model::Turn& turn);

}  // namespace gibsey::chat
