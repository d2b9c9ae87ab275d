#include "net/circuit_breaker.hpp"

#include <utility>

namespace gibsey::net {

CircuitBreaker::Permit::Permit(Permit&& other) noexcept : breaker_(std::exchange(other.breaker_, nullptr)), era_(other.era_) {}

CircuitBreaker::Permit::~Permit() {
  if (breaker_ != nullptr) breaker_->report(era_, Outcome::unknown);
}

void CircuitBreaker::Permit::succeeded() {
  if (auto* breaker = std::exchange(breaker_, nullptr)) breaker->report(era_, Outcome::success);
}

void CircuitBreaker::Permit::failed() {
  if (auto* breaker = std::exchange(breaker_, nullptr)) breaker->report(era_, Outcome::failure);
}

CircuitBreaker::CircuitBreaker(BreakerSettings settings) : settings_(std::move(settings)) {}

std::optional<CircuitBreaker::Permit> CircuitBreaker::enter() {
  const std::lock_guard lock(mutex_);
  if (state_ == State::open) {
    if (settings_.now() < open_until_) return std::nullopt;
    turn(State::half_open);
  }
  if (state_ == State::half_open && std::exchange(probing_, true)) return std::nullopt;
  return Permit(*this, era_);
}

std::optional<CircuitBreaker::Clock::duration> CircuitBreaker::closed_off() const {
  const std::lock_guard lock(mutex_);
  const auto left = open_until_ - settings_.now();
  if (state_ == State::open && left > Clock::duration::zero()) return left;
  if (state_ == State::half_open && probing_) return Clock::duration::zero();
  return std::nullopt;
}

CircuitBreaker::State CircuitBreaker::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

void CircuitBreaker::report(std::uint64_t era, Outcome outcome) {
  const std::lock_guard lock(mutex_);
  if (era != era_) return;
  probing_ = false;
  if (outcome == Outcome::success) {
    failures_ = 0;
    if (state_ != State::closed) turn(State::closed);
  }
  if (outcome != Outcome::failure) return;
  if (state_ == State::half_open || ++failures_ >= settings_.failures) {
    open_until_ = settings_.now() + settings_.open_for;
    turn(State::open);
  }
}

void CircuitBreaker::turn(State state) {
  state_ = state;
  failures_ = 0;
  probing_ = false;
  ++era_;
}

}  // namespace gibsey::net
