#pragma once
#include "provider/llama/handles.hpp"

#include <cstdint>

namespace gibsey::provider {

inline constexpr int kPrefixSequences = 16;  ///< of the context, for the state of kept prefixes
inline constexpr int kBatchTokens = 512;     ///< evaluated at once at most

/// How much a chat model's context holds.
struct ChatSize {
  bool small = false;      ///< longer prompts make a small model slow and do not make it wiser
  int cells = 0;           ///< tokens over all replies and kept prefixes
  int context_tokens = 0;  ///< prompt and reply of one request
};
/// `trained`: tokens that the model was trained for, 0 for unknown. `wanted`: cells, 0: 4096 for a small model, else 8192.
[[nodiscard]] ChatSize chat_size(std::uint64_t parameters, int trained, int wanted = 0);

/// The context that the engine talks with: what is measured before a model is taken is what is made afterwards.
[[nodiscard]] llama_context_params chat_context_params(int cells, int sequences);

}  // namespace gibsey::provider
