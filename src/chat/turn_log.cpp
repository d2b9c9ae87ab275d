#include "chat/turn_log.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

namespace gibsey::chat {

namespace asio = boost::asio;

asio::awaitable<std::optional<model::TurnEvent>> TurnLog::event(std::size_t seq) {
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (seq <= events_.size()) co_return events_[seq - 1];
      if (closed_) co_return std::nullopt;
    }
    const auto executor = co_await asio::this_coro::executor;
    // The handler is kept under the lock, so an event that arrives meanwhile is not missed; it runs on the reader's executor.
    co_await asio::async_initiate<const asio::use_awaitable_t<>&, void()>(
        [this, seq, executor](auto handler) {
          auto resume = [handler = std::move(handler), work = asio::make_work_guard(executor)]() mutable {
            asio::post(work.get_executor(), std::move(handler));
          };
          std::unique_lock lock(mutex_);
          if (seq <= events_.size() || closed_) {
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
