#pragma once
#include <cstdint>
#include <string>

namespace gibsey {

/// Wall-clock time in milliseconds since 1970-01-01T00:00:00Z, as the store keeps it.
using UnixMillis = std::int64_t;

[[nodiscard]] UnixMillis unix_millis_now();
/// 2026-11-20T12:00:00.123Z.
[[nodiscard]] std::string iso8601(UnixMillis time);

}  // namespace gibsey
