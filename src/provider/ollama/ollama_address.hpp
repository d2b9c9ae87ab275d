#pragma once
#include "base/result.hpp"

#include <string>
#include <string_view>

namespace gibsey::provider {

/// Where an Ollama server is asked.
struct OllamaAddress {
  std::string base;  ///< without "/" at its end

  [[nodiscard]] std::string chat() const { return base + "/api/chat"; }
  [[nodiscard]] std::string tags() const { return base + "/api/tags"; }
  [[nodiscard]] std::string show() const { return base + "/api/show"; }
  [[nodiscard]] std::string embed() const { return base + "/api/embed"; }
  [[nodiscard]] std::string embeddings() const { return base + "/api/embeddings"; }
};

/// Of a base, or of the whole endpoint of a call: what follows the base ("/api/chat", "/api/generate") is taken off. Errors:
/// invalid_argument (the address cannot be read).
[[nodiscard]] Result<OllamaAddress> ollama_address(std::string address);

/// "llama3" and "llama3:latest" name one model; case does not matter to Ollama.
[[nodiscard]] bool same_ollama_model(std::string_view one, std::string_view other);

/// {"error": "..."}, or the body itself.
[[nodiscard]] std::string ollama_words(const std::string& body);

}  // namespace gibsey::provider
