#include "app/chat_models.hpp"

#include "base/log.hpp"
#include "provider/anthropic/anthropic_model.hpp"
#include "provider/bounded_embedder.hpp"
#include "provider/llama/llama_chat.hpp"
#include "provider/llama/llama_embedder.hpp"
#include "provider/ollama/ollama_embedder.hpp"
#include "provider/ollama/ollama_model.hpp"
#include "provider/openai/openai_embedder.hpp"
#include "provider/openai/openai_model.hpp"
#include "provider/scripted/scripted_model.hpp"

#include <algorithm>
#include <cstdint>

namespace gibsey::app {
namespace {

using Models = std::vector<std::unique_ptr<provider::ChatModel>>;

Result<void> add_local(Models& models, const Config& config, provider::LlamaEngine* engine) {
  if (!config.script.empty()) {
    GIBSEY_TRY(auto script, provider::ScriptedModel::load(config.script));
    models.push_back(std::move(script));
  } else if (engine != nullptr) {
    models.push_back(std::make_unique<provider::LlamaChat>(*engine, std::int64_t{config.small_model_below} * 1'000'000));
  }
  return {};
}

template <typename Model>
Result<void> add(Models& models, const provider::UpstreamOptions& upstream) {
  GIBSEY_TRY(auto model, Model::create(upstream));
  models.push_back(std::move(model));
  return {};
}

/// After so many questions without a vector none is asked for so long.
const net::BreakerSettings kEmbedderBreaker{.failures = 3, .open_for = std::chrono::seconds(15)};

Result<std::unique_ptr<provider::Embedder>> embedder_at(ProviderKind kind, const provider::UpstreamOptions& upstream) {
  if (kind == ProviderKind::ollama) return provider::OllamaEmbedder::create(upstream);
  return provider::OpenAiEmbedder::create(upstream, {});
}

}  // namespace

Result<std::unique_ptr<provider::Embedder>> open_embedder(const Config& config, provider::LlamaEngine* engine,
                                                          std::shared_ptr<net::HttpPool> pool) {
  if (!config.embedder) return nullptr;
  const auto& chosen = *config.embedder;
  if (chosen.kind == ProviderKind::local) return std::make_unique<provider::LlamaEmbedder>(*engine);
  auto upstream = chosen.upstream;
  upstream.pool = std::move(pool);
  GIBSEY_TRY(auto documents, embedder_at(chosen.kind, upstream));
  auto& patience = upstream.patience;
  patience.total = chosen.question_timeout;
  patience.connect = std::min(patience.connect, patience.total);
  patience.first_token = std::min(patience.first_token, patience.total);
  GIBSEY_TRY(auto questions, embedder_at(chosen.kind, upstream));
  return std::make_unique<provider::BoundedEmbedder>(std::move(documents), std::move(questions), kEmbedderBreaker);
}

bool wants_local_model(const Config& config) {
  return config.script.empty() &&
         std::ranges::any_of(config.providers, [](const ConfiguredProvider& one) { return one.kind == ProviderKind::local; });
}

Result<Models> open_chat_models(const Config& config, provider::LlamaEngine* engine, std::shared_ptr<net::HttpPool> pool) {
  Models models;
  for (auto [kind, upstream] : config.providers) {
    upstream.pool = pool;
    switch (kind) {
      case ProviderKind::local: GIBSEY_CHECK(add_local(models, config, engine)); break;
      case ProviderKind::openai: GIBSEY_CHECK(add<provider::OpenAiModel>(models, upstream)); break;
      case ProviderKind::anthropic: GIBSEY_CHECK(add<provider::AnthropicModel>(models, upstream)); break;
      case ProviderKind::ollama: GIBSEY_CHECK(add<provider::OllamaModel>(models, upstream)); break;
    }
  }
  if (models.empty()) return fail(ErrorCode::unavailable, "no model is there to answer: see LLM_PROVIDERS in .env.example");
  for (const auto& model : models) log::info("answers come from {} ({})", model->model(), model->provider());
  return models;
}

}  // namespace gibsey::app
