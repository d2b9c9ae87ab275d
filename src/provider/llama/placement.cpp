#include "provider/llama/placement.hpp"

#include "base/byte_size.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace gibsey::provider {
namespace {

/// A measurement reads the file's head; the first guess is seldom more than one layer off.
constexpr int kMostGuesses = 4;

bool fits(const MeasuredNeed& measured) {
  return std::ranges::all_of(measured.gpus, [](const GpuNeed& gpu) { return gpu.need.total() + kGpuMargin <= gpu.free; });
}

template <typename Bytes>
std::uint64_t over_gpus(const MeasuredNeed& measured, Bytes bytes) {
  return std::accumulate(measured.gpus.begin(), measured.gpus.end(), std::uint64_t{0},
                         [&](std::uint64_t sum, const GpuNeed& gpu) { return sum + bytes(gpu); });
}

std::uint64_t less(std::uint64_t a, std::uint64_t b) {
  return a - std::min(a, b);
}

int guess(const LayerFacts& facts, const MeasuredNeed& all) {
  const auto layers = static_cast<std::uint64_t>(std::max(1, facts.layers));
  const auto weights = over_gpus(all, [](const GpuNeed& gpu) { return gpu.need.weights; });
  const auto context = over_gpus(all, [](const GpuNeed& gpu) { return gpu.need.context; });
  const auto compute = over_gpus(all, [](const GpuNeed& gpu) { return gpu.need.compute; });
  return gpu_layers_that_fit({.free = over_gpus(all, [](const GpuNeed& gpu) { return less(gpu.free, kGpuMargin); }),
                              .fixed = compute + less(weights, layers * facts.layer_bytes),
                              .layer = facts.layer_bytes + context / layers,
                              .layers = facts.layers});
}

std::string note(const std::string& name, int chosen, const LayerFacts& facts, std::uint64_t needed, std::uint64_t free) {
  if (chosen > facts.layers)
    return fmt::format("{} runs on the GPU: it takes {} of {} free there", name, shown_bytes(needed), shown_bytes(free));
  if (chosen == 0)
    return fmt::format(
        "{} runs on the processors: of {} free on the GPU, {} are left free and a layer does not fit into the rest", name,
        shown_bytes(free), shown_bytes(kGpuMargin));
  return fmt::format(
      "{} of {} layers of {} run on the GPU, the rest on the processors: all would take more than the {} free there", chosen - 1,
      facts.layers, name, shown_bytes(free));
}

}  // namespace

int gpu_layers_that_fit(const GpuRoom& room) {
  if (room.free < room.fixed) return 0;
  if (room.layer == 0) return room.layers + 1;
  const auto fitting = (room.free - room.fixed) / room.layer;
  // The output alone would cost copies at every token and save next to nothing.
  if (fitting == 0 && room.layers > 0) return 0;
  return 1 + static_cast<int>(std::min<std::uint64_t>(fitting, static_cast<std::uint64_t>(std::max(0, room.layers))));
}

Result<Placement> choose_placement(const std::string& name, const LayerFacts& facts, const MeasureNeed& measure) {
  GIBSEY_TRY(const auto all, measure(facts.layers + 1));
  if (all.gpus.empty()) return Placement{.gpu_layers = 0, .host = all.host, .note = {}};
  const auto free = over_gpus(all, [](const GpuNeed& gpu) { return gpu.free; });
  const auto total = [](const GpuNeed& gpu) { return gpu.need.total(); };
  if (fits(all)) {
    return Placement{facts.layers + 1, all.host, note(name, facts.layers + 1, facts, over_gpus(all, total), free)};
  }
  // That all do not fit is known, whatever the guess says.
  const int first = std::min(guess(facts, all), facts.layers);
  for (int chosen = first; chosen > 1 && chosen > first - kMostGuesses; --chosen) {
    GIBSEY_TRY(const auto some, measure(chosen));
    if (fits(some)) return Placement{chosen, some.host, note(name, chosen, facts, over_gpus(some, total), free)};
  }
  GIBSEY_TRY(const auto none, measure(0));
  return Placement{0, none.host, note(name, 0, facts, 0, free)};
}

}  // namespace gibsey::provider
