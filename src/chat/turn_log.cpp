#include "chat/turn_log.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>

namespace gibsey::chat {

namespace asio = boost::asio;

asio::awaitable<std::optional<model::NumberedEvent>> TurnLog::next_after(std::int64_t seq) {
  const auto wanted = static_cast<std::size_t>(std::max<std::int64_t>(seq, 0));
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (wanted < events_.size()) co_return model::NumberedEvent{static_cast<std::int64_t>(wanted) + 1, events_[wanted]};
      if (closed_) co_return std::nullopt;
    }
    const auto executor = co_await asio::this_coro::executor;
    // The handler is kept under the lock, so an event that arrives meanwhile is not missed; it runs on the reader's executor.
    co_await asio::async_initiate<const asio::use_awaitable_t<>&, void()>(
        [this, wanted, executor](auto handler) {
          auto resume = [handler = std::move(handler), work = asio::make_work_guard(executor)]() mutable {
            asio::post(work.get_executor(), std::move(handler));
          };
          std::unique_lock lock(mutex_);
          if (wanted < events_.size() || closed_) {
            lock.unlock();
            resume();
          } else {
            waiters_.emplace_back(std::move(resume));
          }
        },
        asio::use_awaitable);
  }
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
  return {.first_seq = static_cast<std::int64_t>(saved_) + 1,
          .events = {events_.begin() + static_cast<std::ptrdiff_t>(saved_), events_.end()}};
}

void TurnLog::mark_saved(const Unsaved& saved) {
  const std::lock_guard lock(mutex_);
  saved_ = std::max(saved_, static_cast<std::size_t>(saved.first_seq - 1) + saved.events.size());
}

std::optional<TurnLog::Unsaved> TurnLog::begin_save() {
  const std::lock_guard lock(saves_.mutex());
  if (saving_ || saves_ended_) return std::nullopt;
  auto rest = unsaved();
  if (rest.events.empty()) return std::nullopt;
  saving_ = true;
  return rest;
}

void TurnLog::end_save() {
  const std::lock_guard lock(saves_.mutex());
  saving_ = false;
  saves_.notify();
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
