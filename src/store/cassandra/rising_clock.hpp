#pragma once
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>

namespace gibsey::store::cassandra {

/// Numbers for the order in which things came: microseconds since 1970, of this process each greater than the one before. Between
/// processes they are as good as the machines' clocks.
class RisingClock {
 public:
  /// Greater than `above` too.
  std::int64_t next(std::int64_t above = 0) {
    const auto now = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch());
    auto last = last_.load();
    std::int64_t mine = 0;
    do {
      mine = std::max({now.count(), last + 1, above + 1});
    } while (!last_.compare_exchange_weak(last, mine));
    return mine;
  }

 private:
  std::atomic<std::int64_t> last_{0};
};

}  // namespace gibsey::store::cassandra
