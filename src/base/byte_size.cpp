#include "base/byte_size.hpp"

#include <fmt/format.h>

namespace gibsey {

std::string shown_bytes(std::uint64_t bytes) {
  const auto amount = static_cast<double>(bytes);
  if (bytes < 1'000'000) return fmt::format("{:.0f} kB", amount / 1e3);
  return bytes < 1'000'000'000 ? fmt::format("{:.0f} MB", amount / 1e6) : fmt::format("{:.1f} GB", amount / 1e9);
}

}  // namespace gibsey
