#pragma once
#include "provider/embedder.hpp"
#include "provider/embedding.hpp"
#include "provider/ollama/ollama_address.hpp"
#include "provider/upstream.hpp"

#include <nlohmann/json_fwd.hpp>

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace gibsey::provider {

/// Vectors by an Ollama server: POST /api/embed, or /api/embeddings where the server is older than that. Texts and questions
/// get the prefixes that their model was trained with. Safe to call from any executor.
class OllamaEmbedder : public Embedder {
 public:
  using Vectors = std::vector<std::vector<float>>;

  /// Of the options it takes name, base_url, api_key, model, patience and pool. Errors: invalid_argument (the address cannot be
  /// read).
  static Result<std::unique_ptr<OllamaEmbedder>> create(UpstreamOptions options);

  /// Errors besides those of Embedder: deadline, busy, not_found, forbidden; unavailable too for vectors of another dimension, or
  /// that are none.
  boost::asio::awaitable<Result<Vectors>> embed(std::vector<std::string> texts) override;
  boost::asio::awaitable<Result<Vectors>> embed_questions(std::vector<std::string> texts) override;
  /// "ollama:" and the model's name, without ":latest".
  [[nodiscard]] std::string model() const override;
  /// 0 until the first vector has come.
  [[nodiscard]] int dimension() const override { return size_.value(); }

 private:
  OllamaEmbedder(UpstreamOptions options, OllamaAddress address);
  boost::asio::awaitable<Result<Vectors>> embed_prefixed(std::vector<std::string> texts, std::string_view prefix);
  boost::asio::awaitable<Result<Vectors>> embed_batch(std::vector<std::string> texts);
  boost::asio::awaitable<Result<Vectors>> embed_singly(std::vector<std::string> texts);
  boost::asio::awaitable<Result<nlohmann::json>> post(std::string url, std::string body);
  [[nodiscard]] Result<std::vector<float>> vector_of(const nlohmann::json& numbers);
  [[nodiscard]] Error refused(int status, const std::string& body) const;

  UpstreamOptions options_;
  OllamaAddress address_;
  std::string who_;
  VectorSize size_{0};
  std::atomic<bool> is_old_ = false;  ///< the server has no /api/embed
};

}  // namespace gibsey::provider
