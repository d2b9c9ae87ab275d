#include "net/timeout.hpp"

#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <utility>

namespace gibsey::net {

using Clock = std::chrono::steady_clock;

struct Timeout::State : std::enable_shared_from_this<Timeout::State> {
  State(boost::asio::any_io_executor executor, std::function<void()> callback)
      : timer(std::move(executor)), on_expiry(std::move(callback)) {}

  void wait_until(Clock::time_point time) {
    waiting = true;
    const auto mine = ++generation;
    timer.expires_at(time);
    timer.async_wait([weak = weak_from_this(), mine](boost::system::error_code) {
      const auto self = weak.lock();
      // A wait that was replaced may have been queued already when the timer was moved: it must not count.
      if (self && self->generation == mine) self->on_timer();
    });
  }

  void on_timer() {
    waiting = false;
    if (deadline == Clock::time_point::max()) return;
    if (Clock::now() < deadline) {
      wait_until(deadline);
      return;
    }
    deadline = Clock::time_point::max();
    expired = true;
    on_expiry();
  }

  boost::asio::steady_timer timer;
  std::function<void()> on_expiry;
  Clock::time_point deadline = Clock::time_point::max();
  std::uint64_t generation = 0;
  bool waiting = false;
  bool expired = false;
};

Timeout::Timeout(boost::asio::any_io_executor executor, std::function<void()> on_expiry)
    : state_(std::make_shared<State>(std::move(executor), std::move(on_expiry))) {}

Timeout::~Timeout() {
  ++state_->generation;
  state_->timer.cancel();
}

void Timeout::start(Clock::duration time) {
  state_->expired = false;
  state_->deadline = Clock::now() + time;
  if (!state_->waiting || state_->timer.expiry() > state_->deadline) state_->wait_until(state_->deadline);
}

void Timeout::stop() {
  state_->deadline = Clock::time_point::max();
}

bool Timeout::expired() const {
  return state_->expired;
}

}  // namespace gibsey::net
