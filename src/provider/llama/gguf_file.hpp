#pragma once
#include "base/result.hpp"

#include <cstdint>
#include <filesystem>
#include <string>

namespace gibsey::provider {

/// What the head of a GGUF file says. Texts are fit for a terminal.
struct GgufFacts {
  std::string name;          ///< general.name, or the file's name without its ending
  std::string architecture;  ///< "llama"
  std::string quantisation;  ///< "Q4_K_M"; empty where the file does not say
  std::uint64_t file_bytes = 0;
  std::uint64_t weight_bytes = 0;
  std::uint64_t layer_bytes = 0;  ///< weights of the largest layer
  std::uint64_t parameters = 0;
  int layers = 0;
  int context_tokens = 0;  ///< what it was trained for; 0 where the file does not say
  bool has_chat_template = false;
  bool embeds = false;  ///< made for embeddings, not for talk
};

/// Reads the head alone, whatever is in it, and checks that the file is as long as the head says. Errors: not_found; corrupt (no
/// GGUF, damaged, cut short: the sentence says which); invalid_argument (a part of a model only: one of several files, an
/// adapter, the eyes of a model that sees).
[[nodiscard]] Result<GgufFacts> read_gguf(const std::filesystem::path& file);

/// Errors: invalid_argument for a model that is not made for talk; the sentence tells one for embeddings apart.
[[nodiscard]] Result<void> check_talks(const GgufFacts& facts, const std::filesystem::path& file);

}  // namespace gibsey::provider
