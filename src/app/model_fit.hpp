#pragma once
#include "base/result.hpp"
#include "provider/llama/machine_memory.hpp"
#include "provider/llama/model_report.hpp"

#include <cstdint>
#include <string>

namespace gibsey::app {

/// What models may use here: the machine's memory and that of its GPUs.
struct MemoryHere {
  provider::MachineMemory machine;
  provider::GpuMemory gpus;

  [[nodiscard]] std::uint64_t total() const { return machine.total + gpus.total; }
  [[nodiscard]] std::uint64_t free() const { return machine.available + gpus.free; }
};
/// Call it where no other thread runs (see examine_model).
[[nodiscard]] MemoryHere memory_here();

/// Errors: too_large when so many bytes of weights can never fit; the sentence has both sizes. `what` is a path or an address.
[[nodiscard]] Result<void> check_weights(const std::string& what, std::uint64_t bytes, const MemoryHere& here);
/// The same for all that the model takes.
[[nodiscard]] Result<void> check_fit(const std::string& what, const provider::ModelReport& report);

/// "yes", "not now" (other programs have the memory), "no".
[[nodiscard]] std::string fits_here(std::uint64_t bytes, const MemoryHere& here);

/// Prints what a model is and takes, in lines for a person.
void show_model(const std::string& name, const provider::ModelReport& report);

/// "135 M", "8.0 B".
[[nodiscard]] std::string shown_parameters(std::uint64_t parameters);

}  // namespace gibsey::app
