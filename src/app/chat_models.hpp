#pragma once
#include "app/config.hpp"
#include "base/result.hpp"
#include "provider/chat_model.hpp"
#include "provider/embedder.hpp"
#include "provider/llama/engine.hpp"

#include <memory>
#include <vector>

namespace gibsey::app {

/// The models of Config::providers, in their order; those elsewhere are reached over `pool`. `engine` null, or without a chat
/// model: a local one that is not named in LLM_PROVIDERS is left out. Errors: those of each kind's create(); unavailable when
/// nothing is left.
[[nodiscard]] Result<std::vector<std::unique_ptr<provider::ChatModel>>> open_chat_models(const Config& config,
                                                                                         provider::LlamaEngine* engine,
                                                                                         std::shared_ptr<net::HttpPool> pool);

/// What Config::embedder names; null where that is nullopt. `engine` may be null for one elsewhere. Nobody is asked yet. Errors:
/// invalid_argument (an address).
[[nodiscard]] Result<std::unique_ptr<provider::Embedder>> open_embedder(const Config& config, provider::LlamaEngine* engine,
                                                                        std::shared_ptr<net::HttpPool> pool);

/// Whether a model in this process is wanted: `local` is in the order and no script stands in for it.
[[nodiscard]] bool wants_local_model(const Config& config);

}  // namespace gibsey::app
