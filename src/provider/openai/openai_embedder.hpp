#pragma once
#include "provider/embedder.hpp"
#include "provider/embedding.hpp"
#include "provider/upstream.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace gibsey::provider {

class OpenAiServer;

struct EmbeddingOptions {
  int dimension = 0;              ///< of the model's vectors; 0: that of the first one. Checked on all of them
  std::size_t batch = 64;         ///< texts in a request
  std::size_t text_bytes = 6000;  ///< of a text, at most; about 1,500 tokens
};

/// POST /embeddings of an OpenAI-compatible server. Vectors have unit length; texts and questions get the prefixes that their
/// model was trained with. A text that the server finds too long is cut further. Safe to call from any executor.
class OpenAiEmbedder : public Embedder {
 public:
  /// Errors: invalid_argument (the address cannot be read).
  static Result<std::unique_ptr<OpenAiEmbedder>> create(UpstreamOptions upstream, EmbeddingOptions options);
  ~OpenAiEmbedder() override;

  /// One batch after the other, each within Patience::total. Errors besides those of Embedder: busy, deadline, forbidden,
  /// not_found (no such model), too_large; unavailable too for vectors of another dimension, or that are none.
  boost::asio::awaitable<Result<std::vector<std::vector<float>>>> embed(std::vector<std::string> texts) override;
  boost::asio::awaitable<Result<std::vector<std::vector<float>>>> embed_questions(std::vector<std::string> texts) override;
  /// The provider's and the model's name, "llm:bge-m3".
  [[nodiscard]] std::string model() const override;
  /// 0 until the first vector has come, where it was not told.
  [[nodiscard]] int dimension() const override { return size_->value(); }

 private:
  OpenAiEmbedder(std::shared_ptr<const OpenAiServer> server, EmbeddingOptions options);
  boost::asio::awaitable<Result<std::vector<std::vector<float>>>> embed_prefixed(std::vector<std::string> texts,
                                                                                 std::string_view prefix);

  std::shared_ptr<const OpenAiServer> server_;
  EmbeddingOptions options_;
  std::shared_ptr<VectorSize> size_;
};

}  // namespace gibsey::provider
