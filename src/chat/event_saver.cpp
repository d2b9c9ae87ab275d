#include "chat/event_saver.hpp"

#include "base/deadline.hpp"
#include "base/log.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <utility>

namespace gibsey::chat {

namespace asio = boost::asio;

namespace {

/// As many as the embedded store commits at once.
constexpr std::size_t kMostLanes = 256;

/// Stores what the store does not have yet. What an earlier call stored although its answer was lost is in the way of it, and
/// counts.
asio::awaitable<Result<void>> append(TurnLog& log, store::TurnStore& turns, TurnLog::Unsaved unsaved) {
  auto saved = co_await turns.append_events(log.turn_id(), unsaved.first_seq, unsaved.events);
  if (!saved && saved.error().code == ErrorCode::conflict) {
    GIBSEY_CO_TRY(const auto there,
                  co_await turns.events(log.turn_id(), unsaved.first_seq - 1, static_cast<int>(unsaved.events.size())));
    if (there.empty()) co_return saved;
    log.mark_saved(there.back().seq);
    unsaved.events.erase(unsaved.events.begin(), unsaved.events.begin() + static_cast<std::ptrdiff_t>(there.size()));
    unsaved.first_seq = there.back().seq + 1;
    if (unsaved.events.empty()) co_return Result<void>();
    saved = co_await turns.append_events(log.turn_id(), unsaved.first_seq, unsaved.events);
  }
  if (saved) log.mark_saved(unsaved.first_seq + static_cast<std::int64_t>(unsaved.events.size()) - 1);
  co_return saved;
}

/// A bug in a store must not keep a turn from its end.
asio::awaitable<Result<void>> store_events(TurnLog& log, store::TurnStore& turns, TurnLog::Unsaved unsaved) {
  try {
    co_return co_await append(log, turns, std::move(unsaved));
  } catch (const std::exception& bug) {
    co_return fail(ErrorCode::internal, bug.what());
  }
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

asio::awaitable<Result<void>> EventSaver::finish(std::shared_ptr<TurnLog> log, store::TurnStore& turns) {
  {
    const std::lock_guard lock(wake_.mutex());
    owed_.erase(log);
    if (owed_.empty()) wake_.notify();
  }
  co_await log->end_saves();
  auto rest = log->unsaved();
  if (rest.events.empty()) co_return Result<void>();
  co_return co_await store_events(*log, turns, std::move(rest));
}

asio::awaitable<void> EventSaver::run(std::shared_ptr<EventSaver> self) {
  for (;;) {
    co_await self->wake_.wait([&self] { return self->owed_.empty(); }, Deadline::Clock::now() + kSaveEvery);
    const auto lanes = self->make_due();
    if (!lanes) co_return;
    for (std::size_t i = 0; i < *lanes; ++i) asio::co_spawn(self->executor_, serve_due(self), asio::detached);
  }
}

/// What is owed by now is due: how many lanes to open for it. Nullopt: nothing is owed, and the next that is begins anew.
std::optional<std::size_t> EventSaver::make_due() {
  const std::lock_guard lock(wake_.mutex());
  if (owed_.empty()) {
    running_ = false;
    return std::nullopt;
  }
  due_.insert(due_.end(), owed_.begin(), owed_.end());
  owed_.clear();
  const auto more = std::min(due_.size(), kMostLanes - lanes_);
  lanes_ += more;
  return more;
}

/// A log that is slow to store holds up its lane and nobody else.
asio::awaitable<void> EventSaver::serve_due(std::shared_ptr<EventSaver> self) {
  while (const auto due = self->next_due()) co_await save(self, due->first, *due->second);
}

std::optional<EventSaver::Due> EventSaver::next_due() {
  const std::lock_guard lock(wake_.mutex());
  if (due_.empty()) {
    --lanes_;
    return std::nullopt;
  }
  auto next = std::move(due_.front());
  due_.pop_front();
  return next;
}

asio::awaitable<void> EventSaver::save(std::shared_ptr<EventSaver> self, std::shared_ptr<TurnLog> log, store::TurnStore& turns) {
  auto unsaved = log->begin_save();
  if (!unsaved) co_return;
  const auto count = unsaved->events.size();
  const auto stored = co_await store_events(*log, turns, *std::move(unsaved));
  if (!stored) log::warn("turn {}: {} events were not stored: {}", log->turn_id(), count, stored.error().message);
  // What came meanwhile found the log being stored, and may be the last for a while.
  if (log->end_save() && stored) self->owe(log, turns);
}

}  // namespace gibsey::chat
