#pragma once
#include "net/redis_client.hpp"
#include "provider/embedder.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string_view>

namespace gibsey::provider {

struct QueryVectorSettings {
  std::chrono::seconds life{24 * 60 * 60};  ///< of a vector in Redis
  /// How long a question waits for Redis before it is embedded after all. Embedding takes about 10 ms in this process, and more
  /// at a server.
  std::chrono::milliseconds limit{50};
};

/// Whether a question's vector was there: "redis", "embedder".
using QueryVectorSource = std::function<void(std::string_view)>;

/// An embedder whose questions are embedded once for all processes on one Redis (seed 004: "vector cache to Redis"). Under
/// `gibsey:query_vector:{model}:{SHA-256 of the question}` lie the vector's float32 numbers, little-endian. Redis away, slow or
/// with something else under the key: the question is embedded as if there were none. Texts of books are not kept there.
class QueryVectorCache final : public Embedder {
 public:
  /// `told` (may be empty) is called for each question.
  QueryVectorCache(std::unique_ptr<Embedder> inner, std::shared_ptr<net::RedisClient> redis, QueryVectorSource told,
                   QueryVectorSettings settings = {});

  boost::asio::awaitable<Result<std::vector<std::vector<float>>>> embed(std::vector<std::string> texts) override {
    return inner_->embed(std::move(texts));
  }
  /// Errors: those of the embedder.
  boost::asio::awaitable<Result<std::vector<std::vector<float>>>> embed_questions(std::vector<std::string> texts) override;
  [[nodiscard]] std::string model() const override { return inner_->model(); }
  [[nodiscard]] int dimension() const override { return inner_->dimension(); }

 private:
  [[nodiscard]] net::RedisCommand wanted(const std::vector<std::string>& texts) const;
  boost::asio::awaitable<std::vector<std::vector<float>>> kept(net::RedisCommand wanted) const;
  boost::asio::awaitable<void> keep(net::RedisCommand keys, std::vector<std::size_t> places,
                                    const std::vector<std::vector<float>>& vectors) const;

  std::unique_ptr<Embedder> inner_;
  std::shared_ptr<net::RedisClient> redis_;
  QueryVectorSource told_;
  QueryVectorSettings settings_;
};

}  // namespace gibsey::provider
