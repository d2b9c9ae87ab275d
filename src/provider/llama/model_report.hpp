#pragma once
#include "base/result.hpp"
#include "provider/llama/gguf_file.hpp"
#include "provider/llama/machine_memory.hpp"
#include "provider/llama/placement.hpp"

#include <filesystem>

namespace gibsey::provider {

/// What is known of a chat model before it is used.
struct ModelReport {
  GgufFacts facts;
  MemoryNeed need;         ///< of the engine with its usual settings, all of it in the machine's memory
  int context_tokens = 0;  ///< of one request, by those settings
  GpuMemory gpus;
};

/// Examines a file that nobody vouches for: its head, its chat template, and whether llama.cpp makes a model of it. llama.cpp is
/// asked in a child process, for some damaged files end it; so call it where no other thread runs. Takes a moment, reads no
/// weights. Errors: those of read_gguf and check_talks; corrupt (llama.cpp does not take it, with its reason); unavailable (no
/// child process).
[[nodiscard]] Result<ModelReport> examine_model(const std::filesystem::path& file);

/// The GPUs' memory, asked for in a child process too: a process that has begun with a GPU cannot be forked any more.
[[nodiscard]] GpuMemory find_gpu_memory();

}  // namespace gibsey::provider
