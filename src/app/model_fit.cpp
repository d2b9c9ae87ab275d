#include "app/model_fit.hpp"

#include "base/byte_size.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace gibsey::app {
namespace {

/// `total` 0: the system does not tell, and nothing is refused.
bool can_ever_fit(std::uint64_t bytes, const MemoryHere& here) {
  return here.machine.total == 0 || bytes <= here.total();
}

std::string gpu_part(const MemoryHere& here) {
  return here.gpus.total > 0 ? fmt::format(", {} of them on the GPU", shown_bytes(here.gpus.total)) : std::string();
}

}  // namespace

MemoryHere memory_here() {
  return {.machine = provider::machine_memory(), .gpus = provider::find_gpu_memory()};
}

Result<void> check_weights(const std::string& what, std::uint64_t bytes, const MemoryHere& here) {
  if (can_ever_fit(bytes, here)) return {};
  return fail(ErrorCode::too_large, fmt::format("{} has {} and this machine has {} of memory{}; take a smaller model", what,
                                                shown_bytes(bytes), shown_bytes(here.total()), gpu_part(here)));
}

Result<void> check_fit(const std::string& what, const provider::ModelReport& report) {
  const MemoryHere here{.machine = provider::machine_memory(), .gpus = report.gpus};
  if (can_ever_fit(report.need.total(), here)) return {};
  return fail(
      ErrorCode::too_large,
      fmt::format("{} needs {} of memory ({} for the model, {} for its context, {} to compute) and this machine has {}{}; "
                  "take a smaller model",
                  what, shown_bytes(report.need.total()), shown_bytes(report.need.weights), shown_bytes(report.need.context),
                  shown_bytes(report.need.compute), shown_bytes(here.total()), gpu_part(here)));
}

std::string fits_here(std::uint64_t bytes, const MemoryHere& here) {
  if (!can_ever_fit(bytes, here)) return "no";
  return here.machine.total == 0 || bytes <= here.free() ? "yes" : "not now";
}

std::string shown_parameters(std::uint64_t parameters) {
  const auto count = static_cast<double>(parameters);
  return parameters < 1'000'000'000 ? fmt::format("{:.0f} M", count / 1e6) : fmt::format("{:.1f} B", count / 1e9);
}

void show_model(const std::string& name, const provider::ModelReport& report) {
  const auto& facts = report.facts;
  const auto& need = report.need;
  fmt::print("{}: {}, {} parameters{}, trained for {} tokens\n", name, facts.name, shown_parameters(facts.parameters),
             facts.quantisation.empty() ? "" : ", " + facts.quantisation, facts.context_tokens);
  const MemoryHere here{.machine = provider::machine_memory(), .gpus = report.gpus};
  fmt::print("  needs {} of memory ({} for the model, {} for its context, {} to compute); {} are free{}\n",
             shown_bytes(need.total()), shown_bytes(need.weights), shown_bytes(need.context), shown_bytes(need.compute),
             shown_bytes(here.free()),
             fits_here(need.total(), here) == "yes" ? "" : ": too few just now, close other programs first");
}

}  // namespace gibsey::app
