#include "provider/bounded_embedder.hpp"

#include <fmt/format.h>

namespace gibsey::provider {

BoundedEmbedder::BoundedEmbedder(std::unique_ptr<Embedder> documents, std::unique_ptr<Embedder> questions,
                                 net::BreakerSettings settings)
    : documents_(std::move(documents)), questions_(std::move(questions)), breaker_(std::move(settings)) {}

boost::asio::awaitable<Result<std::vector<std::vector<float>>>> BoundedEmbedder::embed_questions(std::vector<std::string> texts) {
  auto permit = breaker_.enter();
  if (!permit) {
    co_return fail(ErrorCode::unavailable, fmt::format("{} has failed several times and is not asked for a while", model()));
  }
  auto vectors = co_await questions_->embed_questions(std::move(texts));
  if (vectors) {
    permit->succeeded();
  } else if (vectors.error().code != ErrorCode::cancelled) {
    permit->failed();
  }
  co_return vectors;
}

}  // namespace gibsey::provider
