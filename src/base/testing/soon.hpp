#pragma once
#include <chrono>
#include <thread>

namespace gibsey::testing {

/// Waits for what another thread brings about, ten seconds at most. Whether it came about.
template <typename Condition>
bool soon(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition() && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return condition();
}

}  // namespace gibsey::testing
