#pragma once
#include "provider/embedder.hpp"
#include "retrieval/cosine_scale.hpp"

#include <boost/asio/awaitable.hpp>

#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace gibsey::retrieval {

/// What is known of a question by its meaning.
struct Embedded {
  std::vector<float> vector;  ///< empty: it is searched by its words alone
  CosineScale scale;          ///< of the embedder
  double ms = 0;
};

/// Makes vectors of questions, and knows what the cosines of its embedder mean. Safe to call from any executor.
class QuestionEmbedder {
 public:
  /// `embedder` may be null: there are no vectors then. It must outlive this.
  explicit QuestionEmbedder(provider::Embedder* embedder) : embedder_(embedder) {}

  /// Without a vector for an empty text, and where the embedder fails: words alone still find lines, and a reader is better
  /// served by those than by an error.
  boost::asio::awaitable<Embedded> embed(std::string text);
  /// "" where there is none.
  [[nodiscard]] std::string model() const { return embedder_ != nullptr ? embedder_->model() : std::string(); }

 private:
  boost::asio::awaitable<CosineScale> scale();
  [[nodiscard]] std::optional<CosineScale> known_scale() const;

  provider::Embedder* embedder_;
  mutable std::mutex mutex_;
  std::optional<CosineScale> scale_;
};

}  // namespace gibsey::retrieval
