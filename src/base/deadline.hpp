#pragma once
#include <algorithm>
#include <chrono>

namespace gibsey {

/// A point in time by which an operation must be over; passed down, never extended. Monotonic clock.
class Deadline {
 public:
  using Clock = std::chrono::steady_clock;

  static Deadline after(Clock::duration time) { return Deadline(Clock::now() + time); }
  static Deadline never() { return Deadline(Clock::time_point::max()); }

  [[nodiscard]] bool passed() const { return Clock::now() >= at_; }
  /// Not negative.
  [[nodiscard]] Clock::duration left() const { return std::max(at_ - Clock::now(), Clock::duration::zero()); }
  [[nodiscard]] Clock::time_point at() const { return at_; }

 private:
  explicit Deadline(Clock::time_point at) : at_(at) {}
  Clock::time_point at_;
};

}  // namespace gibsey
