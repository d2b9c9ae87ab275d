#pragma once
#include "provider/embedder.hpp"
#include "provider/ollama/ollama_address.hpp"
#include "provider/upstream.hpp"

#include <nlohmann/json_fwd.hpp>

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace gibsey::provider {

/// Vectors by an Ollama server: POST /api/embed, or /api/embeddings where the server is older than that. nomic-embed-text gets
/// the prefixes that it was trained with. Safe to call from any executor.
class OllamaEmbedder : public Embedder {
 public:
  using Vectors = std::vector<std::vector<float>>;

  /// Asks for one vector to learn the dimension. Of the options it takes name, base_url, api_key, model and patience. Errors:
  /// invalid_argument (the address cannot be read), not_found (no such model), unavailable, busy, deadline, forbidden.
  static boost::asio::awaitable<Result<std::unique_ptr<OllamaEmbedder>>> create(UpstreamOptions options);

  /// Errors besides those of Embedder: deadline, busy, not_found, forbidden; unavailable too for vectors of another dimension, or
  /// that are none.
  boost::asio::awaitable<Result<Vectors>> embed(std::vector<std::string> texts) override;
  boost::asio::awaitable<Result<Vectors>> embed_questions(std::vector<std::string> texts) override;
  /// "ollama:" and the model's name, without ":latest".
  [[nodiscard]] std::string model() const override;
  [[nodiscard]] int dimension() const override { return dimension_; }

 private:
  OllamaEmbedder(UpstreamOptions options, OllamaAddress address);
  boost::asio::awaitable<Result<Vectors>> embed_prefixed(std::vector<std::string> texts, std::string_view prefix);
  boost::asio::awaitable<Result<Vectors>> embed_batch(std::vector<std::string> texts);
  boost::asio::awaitable<Result<Vectors>> embed_singly(std::vector<std::string> texts);
  boost::asio::awaitable<Result<nlohmann::json>> post(std::string url, std::string body);
  [[nodiscard]] Result<std::vector<float>> vector_of(const nlohmann::json& numbers) const;
  [[nodiscard]] Error refused(int status, const std::string& body) const;

  UpstreamOptions options_;
  OllamaAddress address_;
  std::string who_;
  int dimension_ = 0;                 ///< 0 until the first vector has come
  std::atomic<bool> is_old_ = false;  ///< the server has no /api/embed
};

}  // namespace gibsey::provider
