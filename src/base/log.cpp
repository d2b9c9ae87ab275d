#include "base/log.hpp"

#include <algorithm>
#include <cctype>

namespace gibsey::log {

bool set_level(const std::string& level) {
  std::string name = level;
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (name == "warn") name = "warning";
  const auto parsed = spdlog::level::from_str(name);
  if (parsed == spdlog::level::off && name != "off") return false;
  spdlog::set_level(parsed);
  return true;
}

}  // namespace gibsey::log
