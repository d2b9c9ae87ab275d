#pragma once
#include "base/result.hpp"
#include "provider/llama/gguf_file.hpp"
#include "provider/llama/handles.hpp"
#include "provider/llama/machine_memory.hpp"
#include "provider/llama/placement.hpp"

#include <filesystem>
#include <string>

namespace gibsey::provider {

/// Loads a GGUF after checking what can be checked cheaply, with so many layers on the GPUs; 0: without them. Errors: those of
/// read_gguf, too_large, corrupt; each sentence names the file and what to do.
[[nodiscard]] Result<ModelHandle> load_model(const std::filesystem::path& file, int gpu_layers = 0);

/// Its tokens and texts alone: what its chat template needs. Errors: corrupt, with llama.cpp's own reason.
[[nodiscard]] Result<ModelHandle> load_vocabulary(const std::filesystem::path& file);

/// What the model and that context would take, told by llama.cpp itself without reading a weight. Not beside other work with
/// llama.cpp in this process. Errors: corrupt (it does not know the model), with its own reason.
[[nodiscard]] Result<MeasuredNeed> measure_need(const std::filesystem::path& file, const llama_context_params& context,
                                                int gpu_layers);

/// Where a chat model's layers go, by the memory that is free. Errors: those of measure_need, and too_large where it does not
/// fit.
[[nodiscard]] Result<Placement> place_model(const std::filesystem::path& file, const GgufFacts& facts,
                                            const llama_context_params& context);

/// general.name, or the file's name without its ending; fit for a terminal.
[[nodiscard]] std::string model_name(const llama_model& model, const std::filesystem::path& file);

[[nodiscard]] GpuMemory gpu_memory();

}  // namespace gibsey::provider
