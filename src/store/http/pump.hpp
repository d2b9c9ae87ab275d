#pragma once
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <memory>
#include <mutex>

namespace gibsey::store::http {

/// The waits of a background loop, which other threads end: wake() when there is work, stop() for good. A wake() that comes while
/// the loop works ends its next wait. Shared, because what it posts may come to run after the loop has gone.
class Pump : public std::enable_shared_from_this<Pump> {
 public:
  /// The loop runs while this lives, on the strand that `timer` belongs to.
  class Running {
   public:
    Running(std::shared_ptr<Pump> pump, boost::asio::steady_timer& timer);
    ~Running();
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

   private:
    std::shared_ptr<Pump> pump_;
  };

  void wake() { set(woken_); }
  void stop() { set(stopped_); }
  [[nodiscard]] bool stopped() const;
  /// What has woken it so far has been seen to.
  void forget_wakes();

  /// For `time`, or until stop(), or until wake() if it is `wakeable`. On the strand of the timer given to Running.
  boost::asio::awaitable<void> wait(boost::asio::steady_timer& timer, std::chrono::milliseconds time, bool wakeable);

 private:
  void set(bool& flag);
  [[nodiscard]] bool is_over(std::chrono::steady_clock::time_point until, bool wakeable) const;

  mutable std::mutex mutex_;
  boost::asio::steady_timer* timer_ = nullptr;
  bool woken_ = false;
  bool stopped_ = false;
};

}  // namespace gibsey::store::http
