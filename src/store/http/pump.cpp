#include "store/http/pump.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

namespace gibsey::store::http {

namespace asio = boost::asio;

Pump::Running::Running(std::shared_ptr<Pump> pump, asio::steady_timer& timer) : pump_(std::move(pump)) {
  const std::lock_guard lock(pump_->mutex_);
  pump_->timer_ = &timer;
}

Pump::Running::~Running() {
  const std::lock_guard lock(pump_->mutex_);
  pump_->timer_ = nullptr;
}

bool Pump::stopped() const {
  const std::lock_guard lock(mutex_);
  return stopped_;
}

void Pump::forget_wakes() {
  const std::lock_guard lock(mutex_);
  woken_ = false;
}

asio::awaitable<void> Pump::wait(asio::steady_timer& timer, std::chrono::milliseconds time, bool wakeable) {
  const auto until = std::chrono::steady_clock::now() + time;
  while (!is_over(until, wakeable)) {
    boost::system::error_code ignored;
    timer.expires_at(until);
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

void Pump::set(bool& flag) {
  const std::lock_guard lock(mutex_);
  flag = true;
  if (timer_ == nullptr) return;
  // On the strand it runs either before the loop looks at the flags or after its wait has begun.
  asio::post(timer_->get_executor(), [self = shared_from_this()] {
    const std::lock_guard still(self->mutex_);
    if (self->timer_ != nullptr) self->timer_->cancel();
  });
}

bool Pump::is_over(std::chrono::steady_clock::time_point until, bool wakeable) const {
  const std::lock_guard lock(mutex_);
  return stopped_ || (wakeable && woken_) || std::chrono::steady_clock::now() >= until;
}

}  // namespace gibsey::store::http
