#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>

namespace gibsey::net {

struct BreakerSettings {
  int failures = 5;                           ///< one after another, after which it opens
  std::chrono::milliseconds open_for{5'000};  ///< without a call; then one may try
  std::function<std::chrono::steady_clock::time_point()> now = std::chrono::steady_clock::now;
};

/// Keeps callers from waiting for something that has failed several times in a row. Closed: every call may be made. Open: none,
/// for `open_for`. Half open: one, the probe, whose outcome closes it or opens it again. Thread-safe; never blocks.
class CircuitBreaker {
 public:
  enum class State { closed, open, half_open };
  using Clock = std::chrono::steady_clock;

  explicit CircuitBreaker(BreakerSettings settings);
  CircuitBreaker(const CircuitBreaker&) = delete;
  CircuitBreaker& operator=(const CircuitBreaker&) = delete;

  /// The right to make one call; must not outlive the breaker. A call of whose outcome nothing is said (it was cancelled) counts
  /// neither way: if it was the probe, another may be made. An outcome that comes after the breaker has opened or closed is
  /// ignored.
  class Permit {
   public:
    Permit(Permit&& other) noexcept;
    Permit& operator=(Permit&&) = delete;
    ~Permit();
    void succeeded();
    void failed();

   private:
    friend class CircuitBreaker;
    Permit(CircuitBreaker& breaker, std::uint64_t era) : breaker_(&breaker), era_(era) {}

    CircuitBreaker* breaker_;
    std::uint64_t era_;
  };

  /// nullopt: not now.
  [[nodiscard]] std::optional<Permit> enter();
  /// nullopt when a call may be made now; else for how long at least none may (0 while a probe is under way).
  [[nodiscard]] std::optional<Clock::duration> closed_off() const;
  [[nodiscard]] State state() const;

 private:
  enum class Outcome { success, failure, unknown };
  void report(std::uint64_t era, Outcome outcome);
  void turn(State state);

  const BreakerSettings settings_;
  mutable std::mutex mutex_;
  State state_ = State::closed;
  std::uint64_t era_ = 0;  ///< raised by each change of state
  int failures_ = 0;
  bool probing_ = false;
  Clock::time_point open_until_{};
};

}  // namespace gibsey::net
