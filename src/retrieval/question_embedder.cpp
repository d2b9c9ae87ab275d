#include "retrieval/question_embedder.hpp"

#include <chrono>
#include <utility>

namespace gibsey::retrieval {

namespace asio = boost::asio;

asio::awaitable<Embedded> QuestionEmbedder::embed(std::string text) {
  Embedded embedded;
  if (embedder_ == nullptr || text.empty()) co_return embedded;
  const auto start = std::chrono::steady_clock::now();
  std::vector<std::string> texts{std::move(text)};
  auto vectors = co_await embedder_->embed_questions(std::move(texts));
  if (vectors && !vectors->empty()) {
    embedded.vector = std::move(vectors->front());
    embedded.scale = co_await scale();
  }
  embedded.ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  co_return embedded;
}

/// Measured with the first question; MiniLM's where the embedder stops before that.
asio::awaitable<CosineScale> QuestionEmbedder::scale() {
  if (embedder_->model() == kReferenceEmbedder) co_return CosineScale();
  if (const auto known = known_scale()) co_return *known;
  const auto measured = co_await measure_scale(*embedder_);
  if (!measured) co_return CosineScale();
  const std::scoped_lock lock(mutex_);
  scale_ = *measured;
  co_return *measured;
}

std::optional<CosineScale> QuestionEmbedder::known_scale() const {
  const std::scoped_lock lock(mutex_);
  return scale_;
}

}  // namespace gibsey::retrieval
