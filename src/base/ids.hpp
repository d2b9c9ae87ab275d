#pragma once
#include <string>

namespace gibsey {

/// 128 random bits from the operating system as 32 lower-case hexadecimal digits. Thread-safe.
[[nodiscard]] std::string random_id();

}  // namespace gibsey
