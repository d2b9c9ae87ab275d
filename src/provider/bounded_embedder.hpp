#pragma once
#include "net/circuit_breaker.hpp"
#include "provider/embedder.hpp"

#include <memory>

namespace gibsey::provider {

/// An embedder at a server, for readers who wait: two ways to the same model, one with the patience that a book takes, and one
/// for questions, which are better found by words alone than late. After three questions that failed none is asked for a while.
class BoundedEmbedder final : public Embedder {
 public:
  BoundedEmbedder(std::unique_ptr<Embedder> documents, std::unique_ptr<Embedder> questions, net::BreakerSettings settings);

  boost::asio::awaitable<Result<std::vector<std::vector<float>>>> embed(std::vector<std::string> texts) override {
    return documents_->embed(std::move(texts));
  }
  /// Errors besides those of the embedder: unavailable at once while the breaker is open.
  boost::asio::awaitable<Result<std::vector<std::vector<float>>>> embed_questions(std::vector<std::string> texts) override;
  [[nodiscard]] std::string model() const override { return documents_->model(); }
  [[nodiscard]] int dimension() const override { return documents_->dimension(); }

 private:
  std::unique_ptr<Embedder> documents_;
  std::unique_ptr<Embedder> questions_;
  net::CircuitBreaker breaker_;
};

}  // namespace gibsey::provider
