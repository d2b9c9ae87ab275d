#pragma once
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <mutex>
#include <utility>

namespace gibsey::provider {

/// Lets one coroutine wait until another thread has made something true. The waiting operation is a timer of the
/// coroutine's own executor, so a coroutine that is cancelled or destroyed while it waits leaves nothing behind here.
/// What is waited for is guarded by mutex().
class Wakeup {
 public:
  [[nodiscard]] std::mutex& mutex() { return mutex_; }

  /// Call with mutex() held, after the change. Any thread. Never blocks on the waiting side.
  void notify() {
    if (timer_ != nullptr) timer_->cancel();
  }

  /// Waits until `ready()`, which is called with mutex() held, or until `until`. False: the coroutine was cancelled.
  template <typename Ready>
  boost::asio::awaitable<bool> wait(Ready ready,
                                    boost::asio::steady_timer::time_point until = boost::asio::steady_timer::time_point::max()) {
    namespace asio = boost::asio;
    {
      const std::lock_guard lock(mutex_);
      if (ready()) co_return true;
    }
    asio::steady_timer timer(co_await asio::this_coro::executor, until);
    const Registration registration(*this, timer);
    auto token = asio::as_tuple(asio::use_awaitable);
    for (;;) {
      co_await asio::async_initiate<decltype(token), void(boost::system::error_code)>(
          [this, &timer, &ready](auto handler) { this->begin_wait(timer, ready, std::move(handler)); }, token);
      const auto state = co_await asio::this_coro::cancellation_state;
      if (state.cancelled() != asio::cancellation_type::none) co_return false;
      const std::lock_guard lock(mutex_);
      if (ready() || asio::steady_timer::clock_type::now() >= until) co_return true;
    }
  }

 private:
  /// The timer is reachable for notify() only while the waiting frame lives.
  struct Registration {
    Registration(Wakeup& owner, boost::asio::steady_timer& timer) : owner_(owner) {
      const std::lock_guard lock(owner_.mutex_);
      owner_.timer_ = &timer;
    }
    ~Registration() {
      const std::lock_guard lock(owner_.mutex_);
      owner_.timer_ = nullptr;
    }
    Registration(const Registration&) = delete;
    Registration& operator=(const Registration&) = delete;
    Wakeup& owner_;
  };

  /// Between the last look at `ready` and the start of the wait a notify() would be lost, so both happen under the mutex.
  template <typename Ready, typename Handler>
  void begin_wait(boost::asio::steady_timer& timer, Ready& ready, Handler handler) {
    const std::lock_guard lock(mutex_);
    if (!ready()) {
      timer.async_wait(std::move(handler));
      return;
    }
    auto executor = boost::asio::get_associated_executor(handler, timer.get_executor());
    boost::asio::post(executor, [handler = std::move(handler)]() mutable { std::move(handler)(boost::system::error_code()); });
  }

  std::mutex mutex_;
  boost::asio::steady_timer* timer_ = nullptr;
};

}  // namespace gibsey::provider
