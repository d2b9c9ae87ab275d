#pragma once
#include "base/result.hpp"
#include "provider/llama/handles.hpp"

#include <cstdint>
#include <filesystem>
#include <string>

namespace gibsey::provider {

/// Loads a GGUF after checking what can be checked cheaply. Errors: not_found, corrupt, too_large; each sentence names the
/// file and what to do.
[[nodiscard]] Result<ModelHandle> load_model(const std::filesystem::path& file);

/// general.name, or the file's name without its ending.
[[nodiscard]] std::string model_name(const llama_model& model, const std::filesystem::path& file);

/// Bytes that `cells` tokens of context take.
[[nodiscard]] std::uint64_t context_bytes(const llama_model& model, int cells);

/// Errors: too_large when `bytes` more than what the machine has free are asked for; `what` begins the sentence.
[[nodiscard]] Result<void> check_memory(const std::string& what, std::uint64_t bytes);

}  // namespace gibsey::provider
