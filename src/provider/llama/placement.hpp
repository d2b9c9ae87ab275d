#pragma once
#include "base/result.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace gibsey::provider {

/// Bytes that a model takes where it runs.
struct MemoryNeed {
  std::uint64_t weights = 0;
  std::uint64_t context = 0;  ///< keys and values of the context's cells
  std::uint64_t compute = 0;  ///< what evaluating a batch takes

  [[nodiscard]] std::uint64_t total() const { return weights + context + compute; }
};

struct GpuNeed {
  MemoryNeed need;
  std::uint64_t free = 0;
};

/// What a model would take with a number of its layers on the GPUs.
struct MeasuredNeed {
  MemoryNeed host;
  std::vector<GpuNeed> gpus;  ///< empty where there are none, or none is used
};

/// Left free on each GPU for what the driver and its libraries take besides, and for other programs (llama.cpp's own default).
inline constexpr std::uint64_t kGpuMargin = std::uint64_t{1} << 30U;

/// What decides how many layers go onto the GPUs; bytes.
struct GpuRoom {
  std::uint64_t free = 0;  ///< the margin not in it
  std::uint64_t fixed =
      0;  ///< taken by any use at all: buffers to compute in, and the output, which is the first layer to go there
  std::uint64_t layer = 0;  ///< a layer's weights and its part of the context
  int layers = 0;           ///< that the model has, the output not counted
};
/// As llama.cpp counts: 0 for none, 1 for the output alone, layers + 1 for everything.
[[nodiscard]] int gpu_layers_that_fit(const GpuRoom& room);

struct Placement {
  int gpu_layers = 0;  ///< as gpu_layers_that_fit has it
  MemoryNeed host;
  std::string note;  ///< one line for the log; empty where there is no GPU
};

/// What would be taken with so many layers on the GPUs; 0: without them.
using MeasureNeed = std::function<Result<MeasuredNeed>(int gpu_layers)>;

struct LayerFacts {
  int layers = 0;
  std::uint64_t layer_bytes = 0;  ///< weights of the largest
};

/// As many layers on the GPUs as fit, fewer than all where they must, at last none. What was chosen has been measured. `name`
/// begins the note. Errors: those of `measure`.
[[nodiscard]] Result<Placement> choose_placement(const std::string& name, const LayerFacts& facts, const MeasureNeed& measure);

}  // namespace gibsey::provider
