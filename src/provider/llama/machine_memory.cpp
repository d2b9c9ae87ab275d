#include "provider/llama/machine_memory.hpp"

#include "base/byte_size.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>

namespace gibsey::provider {

namespace fs = std::filesystem;

namespace {

/// Past this a limit means that there is none (version 1 writes a number near 2^63).
constexpr std::uint64_t kNoLimit = std::uint64_t{1} << 60U;

/// Where a container sees its own limit, by version of the control groups.
struct GroupFiles {
  const char* limit;
  const char* used;
  const char* statistics;
  const char* cached;  ///< the line of the statistics that counts what can be dropped at once
};
constexpr std::array<GroupFiles, 2> kGroups{{
    {"sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory.current", "sys/fs/cgroup/memory.stat", "inactive_file"},
    {"sys/fs/cgroup/memory/memory.limit_in_bytes", "sys/fs/cgroup/memory/memory.usage_in_bytes",
     "sys/fs/cgroup/memory/memory.stat", "total_inactive_file"},
}};

/// The first number of the file; 0 where there is none ("max").
std::uint64_t number_in(const fs::path& file) {
  std::ifstream in(file);
  std::uint64_t number = 0;
  in >> number;
  return in ? number : 0;
}

std::uint64_t line_in(const fs::path& file, const std::string& name) {
  std::ifstream in(file);
  std::string key;
  std::uint64_t number = 0;
  while (in >> key >> number) {
    if (key == name) return number;
  }
  return 0;
}

MachineMemory whole_machine(const fs::path& root) {
  MachineMemory memory;
  std::ifstream in(root / "proc/meminfo");
  std::string key;
  std::uint64_t kilobytes = 0;
  std::string rest;
  while (in >> key >> kilobytes && std::getline(in, rest)) {
    if (key == "MemTotal:") memory.total = kilobytes * 1024;
    if (key == "MemAvailable:") memory.available = kilobytes * 1024;
  }
  return memory;
}

}  // namespace

MachineMemory machine_memory(const fs::path& root) {
  auto memory = whole_machine(root);
  for (const auto& group : kGroups) {
    const auto limit = number_in(root / group.limit);
    if (limit == 0 || limit > kNoLimit || memory.total == 0) continue;
    const auto used = number_in(root / group.used);
    const auto kept = used - std::min(used, line_in(root / group.statistics, group.cached));
    memory.total = std::min(memory.total, limit);
    memory.available = std::min(memory.available, limit - std::min(limit, kept));
  }
  return memory;
}

Result<void> check_memory(const std::string& what, std::uint64_t bytes) {
  const auto available = machine_memory().available;
  if (available == 0 || bytes <= available) return {};
  return fail(ErrorCode::too_large, fmt::format("{} needs {} of memory and {} are free; take a smaller model", what,
                                                shown_bytes(bytes), shown_bytes(available)));
}

}  // namespace gibsey::provider
