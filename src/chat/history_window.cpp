#include "chat/history_window.hpp"

#include "base/log.hpp"

#include <cstddef>
#include <utility>

namespace gibsey::chat {

namespace asio = boost::asio;

namespace {

std::vector<PastExchange> exchanges_of(const std::vector<store::WindowMessage>& window) {
  std::vector<PastExchange> exchanges;
  for (std::size_t i = 1; i < window.size(); ++i) {
    if (window[i - 1].role == "user" && window[i].role == "assistant")
      exchanges.push_back({window[i - 1].content, window[i].content});
  }
  return exchanges;
}

bool same(const PastExchange& one, const PastExchange& other) {
  return one.question == other.question && one.reply == other.reply;
}

/// Whether `shared` holds `recorded` in this order; the oldest may be missing where they alone are what a full window has
/// dropped.
bool holds(const std::vector<PastExchange>& shared, const std::vector<PastExchange>& recorded) {
  auto end = shared.size();
  auto missing = recorded.size();
  while (missing > 0) {
    auto at = end;
    while (at > 0 && !same(shared[at - 1], recorded[missing - 1])) --at;
    if (at == 0) break;
    end = at - 1;
    --missing;
  }
  const bool full = shared.size() == store::HistoryWindow::kMostMessages / 2;
  return missing == 0 || (full && end == 0);
}

}  // namespace

std::vector<PastExchange> choose_history(std::vector<PastExchange> recorded, const std::vector<store::WindowMessage>& window) {
  auto shared = exchanges_of(window);
  return !shared.empty() && holds(shared, recorded) ? std::move(shared) : std::move(recorded);
}

asio::awaitable<std::vector<store::WindowMessage>> load_window(store::HistoryWindow& window, std::string conversation_id) {
  auto loaded = co_await window.load(conversation_id);
  if (loaded) co_return std::move(*loaded);
  log::warn("conversation {:?}: its window was not read: {}", conversation_id, loaded.error().message);
  co_return std::vector<store::WindowMessage>();
}

asio::awaitable<void> append_to_window(store::HistoryWindow& window, store::TurnStore& turns, const model::Turn& turn) {
  if (turn.reply.empty()) co_return;
  if (const auto appended = co_await window.append(turn.conversation_id, turn.question, turn.reply); !appended) {
    log::warn("turn {}: not added to the window of its conversation: {}", turn.id, appended.error().message);
  }
  // Its reader may have removed the conversation since the turn ended, and with it the window as it was then.
  const auto stored = co_await turns.find(turn.id);
  if (!stored || *stored) co_return;
  if (const auto forgotten = co_await window.forget(turn.conversation_id); !forgotten) {
    log::warn("turn {}: the window of its removed conversation stays until it expires: {}", turn.id, forgotten.error().message);
  }
}

}  // namespace gibsey::chat
