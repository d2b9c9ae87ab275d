#pragma once

namespace gibsey::app {

inline constexpr const char* kVersion = "0.1.0";

}  // namespace gibsey::app
