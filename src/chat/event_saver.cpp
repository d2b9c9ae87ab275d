#include "chat/event_saver.hpp"

#include "base/deadline.hpp"
#include "base/log.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace gibsey::chat {

namespace asio = boost::asio;

namespace {

/// As many as the embedded store commits at once.
constexpr std::size_t kMostLanes = 256;

/// Whether they were stored. A bug in a store must not keep a turn from its end.
asio::awaitable<bool> store_events(TurnLog& log, store::TurnStore& turns, const TurnLog::Unsaved& unsaved) {
  Result<void> saved = fail(ErrorCode::internal, "not asked");
  try {
    saved = co_await turns.append_events(log.turn_id(), unsaved.first_seq, unsaved.events);
  } catch (const std::exception& bug) {
    saved = fail(ErrorCode::internal, bug.what());
  }
  if (saved) {
    log.mark_saved(unsaved);
  } else {
    log::warn("turn {}: {} events were not stored: {}", log.turn_id(), unsaved.events.size(), saved.error().message);
  }
  co_return saved.has_value();
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
  const auto unsaved = log->begin_save();
  if (!unsaved) co_return;
  const bool stored = co_await store_events(*log, turns, *unsaved);
  // What came meanwhile found the log being stored, and may be the last for a while.
  if (log->end_save() && stored) self->owe(log, turns);
}

}  // namespace gibsey::chat
