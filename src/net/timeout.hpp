#pragma once
#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <functional>
#include <memory>

namespace gibsey::net {

/// Ends what a coroutine waits for when it takes too long: the one way of doing so in net/. `on_expiry` makes the operation
/// under way fail (it cancels or closes a socket); expired() then tells a timeout from other failures. Starting and stopping
/// costs a clock reading, not a timer operation: one timer is moved lazily, so that it can guard every single write of a stream.
/// Not thread-safe: use it on the executor (a strand) that it was given.
class Timeout {
 public:
  Timeout(boost::asio::any_io_executor executor, std::function<void()> on_expiry);
  ~Timeout();
  Timeout(const Timeout&) = delete;
  Timeout& operator=(const Timeout&) = delete;

  /// From now on `on_expiry` is called after `time`, unless start() or stop() comes first.
  void start(std::chrono::steady_clock::duration time);
  void stop();
  /// Whether `on_expiry` has been called since the last start().
  [[nodiscard]] bool expired() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace gibsey::net
