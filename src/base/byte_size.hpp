#pragma once
#include <cstdint>
#include <string>

namespace gibsey {

/// For people: "183 MB", "5.1 GB". Decimal, as downloads and disks are counted.
[[nodiscard]] std::string shown_bytes(std::uint64_t bytes);

}  // namespace gibsey
