#include "chat/turn_log.hpp"

#include <algorithm>
#include <utility>

namespace gibsey::chat {

namespace asio = boost::asio;

std::vector<model::NumberedEvent> TurnLog::events_after(std::int64_t seq, std::size_t most) const {
  std::vector<model::NumberedEvent> found;
  const std::lock_guard lock(mutex_);
  for (auto i = static_cast<std::size_t>(std::max<std::int64_t>(seq, 0)); i < events_.size() && found.size() < most; ++i)
    found.push_back({static_cast<std::int64_t>(i) + 1, events_.at(i)});
  return found;
}

void TurnLog::when_after(std::int64_t seq, std::move_only_function<void()> then) {
  {
    const std::lock_guard lock(mutex_);
    if (std::cmp_greater_equal(std::max<std::int64_t>(seq, 0), events_.size()) && !closed_) {
      waiters_.push_back(std::move(then));
      return;
    }
  }
  then();
}

void TurnLog::append(model::TurnEvent event) {
  std::vector<std::move_only_function<void()>> waiters;
  {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
    waiters.swap(waiters_);
  }
  wake(std::move(waiters));
}

void TurnLog::close() {
  std::vector<std::move_only_function<void()>> waiters;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    waiters.swap(waiters_);
  }
  wake(std::move(waiters));
}

std::optional<std::int64_t> TurnLog::last_seq() const {
  const std::lock_guard lock(mutex_);
  return closed_ ? std::optional(static_cast<std::int64_t>(events_.size())) : std::nullopt;
}

TurnLog::Unsaved TurnLog::unsaved() const {
  const std::lock_guard lock(mutex_);
  Unsaved rest{.first_seq = static_cast<std::int64_t>(saved_) + 1, .events = {}};
  for (auto i = saved_; i < events_.size(); ++i) rest.events.push_back(events_.at(i));
  return rest;
}

void TurnLog::mark_saved(std::int64_t last_seq) {
  const std::lock_guard lock(mutex_);
  saved_ = std::max(saved_, static_cast<std::size_t>(last_seq));
}

std::optional<TurnLog::Unsaved> TurnLog::begin_save() {
  const std::lock_guard lock(saves_.mutex());
  if (saving_ || saves_ended_) return std::nullopt;
  auto rest = unsaved();
  if (rest.events.empty()) return std::nullopt;
  saving_ = true;
  return rest;
}

bool TurnLog::end_save() {
  const std::lock_guard lock(saves_.mutex());
  saving_ = false;
  saves_.notify();
  if (saves_ended_) return false;
  const std::lock_guard events_lock(mutex_);
  return saved_ < events_.size();
}

asio::awaitable<void> TurnLog::end_saves() {
  {
    const std::lock_guard lock(saves_.mutex());
    saves_ended_ = true;
  }
  co_await saves_.wait([this] { return !saving_; });
}

void TurnLog::wake(std::vector<std::move_only_function<void()>> waiters) {
  for (auto& waiter : waiters) waiter();
}

void TurnLog::stop() {
  std::function<void()> stop;
  {
    const std::lock_guard lock(mutex_);
    stop_requested_ = true;
    stop = stop_;
  }
  if (stop) stop();
}

void TurnLog::interrupt() {
  {
    const std::lock_guard lock(mutex_);
    interrupted_ = true;
  }
  stop();
}

bool TurnLog::interrupted() const {
  const std::lock_guard lock(mutex_);
  return interrupted_;
}

bool TurnLog::stop_requested() const {
  const std::lock_guard lock(mutex_);
  return stop_requested_;
}

void TurnLog::when_stopped(std::function<void()> stop) {
  bool now = false;
  {
    const std::lock_guard lock(mutex_);
    stop_ = stop;
    now = stop_requested_;
  }
  if (now && stop) stop();
}

}  // namespace gibsey::chat
