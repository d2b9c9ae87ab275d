#include "base/clock.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>

namespace gibsey {

UnixMillis unix_millis_now() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

std::string iso8601(UnixMillis time) {
  auto seconds = static_cast<std::time_t>(time / 1000);
  auto rest = time % 1000;
  if (rest < 0) {
    rest += 1000;
    seconds -= 1;
  }
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(seconds), rest);
}

}  // namespace gibsey
