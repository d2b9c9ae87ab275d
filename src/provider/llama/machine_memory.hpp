#pragma once
#include "base/result.hpp"

#include <cstdint>
#include <filesystem>
#include <string>

namespace gibsey::provider {

/// Bytes that programs may use; 0 where the system does not tell.
struct MachineMemory {
  std::uint64_t total = 0;
  std::uint64_t available = 0;  ///< without pushing out anything but cached files
};

/// Of the GPUs together; 0 where there are none.
struct GpuMemory {
  std::uint64_t free = 0;
  std::uint64_t total = 0;
};

/// The machine's, or what the control group of this process (a container's) allows where that is less. `root` "/" but in tests.
[[nodiscard]] MachineMemory machine_memory(const std::filesystem::path& root = "/");

/// Errors: too_large when `bytes` are more than what the machine has available; `what` begins the sentence.
[[nodiscard]] Result<void> check_memory(const std::string& what, std::uint64_t bytes);

}  // namespace gibsey::provider
