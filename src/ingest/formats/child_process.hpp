#pragma once
#include "base/result.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace gibsey::ingest {

struct ProcessLimits {
  std::chrono::milliseconds time{120'000};
  std::size_t output = std::size_t{64} << 20;
  std::uint64_t memory = std::uint64_t{2} << 30;  ///< address space
};

struct ProcessOutput {
  std::string output;
  std::string complaints;  ///< the first 4 KiB of standard error
  int status = 0;          ///< exit status; 128 and the signal's number when one ended it
};

/// Runs a program of PATH with these arguments (the first is its name), without a shell, with nothing to read, until it ends.
/// Errors: not_found (no such program), deadline and too_large (it ran past a limit and was ended), unavailable.
[[nodiscard]] Result<ProcessOutput> run_process(const std::vector<std::string>& arguments, const ProcessLimits& limits = {});

}  // namespace gibsey::ingest
