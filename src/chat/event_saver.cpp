#include "chat/event_saver.hpp"

#include "base/deadline.hpp"
#include "base/log.hpp"
#include "net/side_by_side.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <cstddef>
#include <utility>
#include <vector>

namespace gibsey::chat {

namespace asio = boost::asio;

namespace {

/// As many as the embedded store commits at once.
constexpr std::size_t kSavesAtOnce = 256;

asio::awaitable<void> store_events(TurnLog& log, store::TurnStore& turns, const TurnLog::Unsaved& unsaved) {
  const auto saved = co_await turns.append_events(log.turn_id(), unsaved.first_seq, unsaved.events);
  if (saved) {
    log.mark_saved(unsaved);
  } else {
    log::warn("turn {}: {} events were not stored: {}", log.turn_id(), unsaved.events.size(), saved.error().message);
  }
}

asio::awaitable<void> save(TurnLog& log, store::TurnStore& turns) {
  const auto unsaved = log.begin_save();
  if (!unsaved) co_return;
  co_await store_events(log, turns, *unsaved);
  log.end_save();
}

}  // namespace

void EventSaver::owe(std::shared_ptr<TurnLog> log, store::TurnStore& turns) {
  {
    const std::lock_guard lock(wake_.mutex());
    owed_.try_emplace(std::move(log), &turns);
    if (std::exchange(running_, true)) return;
  }
  asio::co_spawn(executor_, run(shared_from_this()), asio::detached);
}

asio::awaitable<void> EventSaver::finish(std::shared_ptr<TurnLog> log, store::TurnStore& turns) {
  {
    const std::lock_guard lock(wake_.mutex());
    owed_.erase(log);
    if (owed_.empty()) wake_.notify();
  }
  co_await log->end_saves();
  if (const auto rest = log->unsaved(); !rest.events.empty()) co_await store_events(*log, turns, rest);
}

asio::awaitable<void> EventSaver::run(std::shared_ptr<EventSaver> self) {
  for (;;) {
    co_await self->wake_.wait([&self] { return self->owed_.empty(); }, Deadline::Clock::now() + kSaveEvery);
    const auto taken = self->take();
    if (taken.empty()) co_return;
    const std::vector<Owed::value_type> owed(taken.begin(), taken.end());
    co_await net::side_by_side(owed.size(), kSavesAtOnce,
                               [&owed](std::size_t i) { return save(*owed[i].first, *owed[i].second); });
  }
}

/// What is owed by now. Nothing: the next that is owed begins anew.
EventSaver::Owed EventSaver::take() {
  const std::lock_guard lock(wake_.mutex());
  running_ = !owed_.empty();
  return std::exchange(owed_, {});
}

}  // namespace gibsey::chat
