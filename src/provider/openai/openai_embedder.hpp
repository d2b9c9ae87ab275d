#pragma once
#include "provider/embedder.hpp"
#include "provider/upstream.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace gibsey::provider {

class OpenAiServer;

/// What a model wants in front of a text, by what the text is for.
struct TaskPrefixes {
  std::string document;
  std::string query;
};
/// Those of nomic-embed-text ("search_document: ", "search_query: "), by the model's name; empty for all others.
[[nodiscard]] TaskPrefixes task_prefixes(std::string_view model);

struct EmbeddingOptions {
  int dimension = 0;              ///< of the model's vectors; checked on all of them
  std::string prefix;             ///< in front of every text: an embedder for documents, another one for questions
  std::size_t batch = 64;         ///< texts in a request
  std::size_t text_bytes = 6000;  ///< of a text, at most; about 1,500 tokens
};

/// POST /embeddings of an OpenAI-compatible server. Vectors have unit length. A text that the server finds too long is cut
/// further.
class OpenAiEmbedder : public Embedder {
 public:
  /// Errors: invalid_argument (the address cannot be read; no dimension).
  static Result<std::unique_ptr<OpenAiEmbedder>> create(UpstreamOptions upstream, EmbeddingOptions options);
  ~OpenAiEmbedder() override;

  /// One batch after the other, each within Patience::total. Errors besides those of Embedder: busy, deadline, forbidden,
  /// not_found (no such model), too_large; unavailable too for vectors of another dimension, or that are none.
  boost::asio::awaitable<Result<std::vector<std::vector<float>>>> embed(std::vector<std::string> texts) override;
  [[nodiscard]] std::string model() const override;
  [[nodiscard]] int dimension() const override { return options_.dimension; }

 private:
  OpenAiEmbedder(std::shared_ptr<const OpenAiServer> server, EmbeddingOptions options);

  std::shared_ptr<const OpenAiServer> server_;
  EmbeddingOptions options_;
};

}  // namespace gibsey::provider
