#pragma once
#include "app/auth_config.hpp"
#include "base/result.hpp"
#include "provider/upstream.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gibsey::app {

/// What speaks to a model: LLM_PROVIDERS' names stand for these.
enum class ProviderKind {
  openai,     ///< "llm", "llm_fallback", "openai": an OpenAI-compatible server
  ollama,     ///< "ollama"
  anthropic,  ///< "anthropic"
  local,      ///< "local": in this process, a GGUF file or a script
};

struct ConfiguredProvider {
  ProviderKind kind = ProviderKind::local;
  provider::UpstreamOptions upstream;  ///< of a local one the name alone
};

/// The models that may answer, in order (contracts section 5). Without LLM_PROVIDERS: `llm` and `llm_fallback` where their
/// addresses are set, `ollama` where its is, `openai` and `anthropic` where `.env` or the configuration file holds their key (an
/// exported key alone sends nothing to a cloud), then `local`. `in_files`: whether .env or the file names a setting. Errors:
/// invalid_argument, naming the setting.
[[nodiscard]] Result<std::vector<ConfiguredProvider>> read_providers(const Lookup& find,
                                                                     const std::function<bool(const char*)>& in_files);

/// What makes the vectors of texts and questions.
struct ConfiguredEmbedder {
  ProviderKind kind = ProviderKind::local;
  provider::UpstreamOptions upstream;                ///< of a local one nothing
  std::chrono::milliseconds question_timeout{2000};  ///< past it a question is looked up by its words alone
};

/// GIBSEY_EMBEDDER: `local` (or unset), `off` (nullopt: the search is by words alone), or a provider of LLM_PROVIDERS and its
/// model for embeddings, "ollama:nomic-embed-text"; its address and key are the provider's own. Errors: invalid_argument.
[[nodiscard]] Result<std::optional<ConfiguredEmbedder>> read_embedder(const Lookup& find);

/// Whether a model's name tells that it has under a thousand million parameters: "smollm2:135m", "qwen2.5-0.5b-instruct".
[[nodiscard]] bool is_tiny_by_name(std::string_view model);

}  // namespace gibsey::app
