#pragma once
#include "provider/embedder.hpp"
#include "provider/llama/engine.hpp"

namespace gibsey::provider {

/// The engine's embedding model. `engine` must have one and outlive this.
class LlamaEmbedder : public Embedder {
 public:
  explicit LlamaEmbedder(LlamaEngine& engine) : engine_(engine) {}

  boost::asio::awaitable<Result<std::vector<std::vector<float>>>> embed(std::vector<std::string> texts) override;
  boost::asio::awaitable<Result<std::vector<std::vector<float>>>> embed_questions(std::vector<std::string> texts) override;
  [[nodiscard]] std::string model() const override { return engine_.embedding_model(); }
  [[nodiscard]] int dimension() const override { return engine_.embedding_dimension(); }

 private:
  LlamaEngine& engine_;
};

}  // namespace gibsey::provider
