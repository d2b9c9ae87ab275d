#include "provider/redis/query_vector_cache.hpp"

#include "net/sha256.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <utility>

namespace gibsey::provider {

namespace asio = boost::asio;

namespace {

using Vector = std::vector<float>;
using Kind = net::RedisReply::Kind;

static_assert(std::endian::native == std::endian::little, "the numbers in Redis are little-endian");

/// Empty for what is no vector of this model: another program's value, or one that was cut.
Vector vector_of(const net::RedisReply& reply, int dimension) {
  const std::size_t count = reply.text.size() / sizeof(float);
  if (reply.kind != Kind::bulk || count == 0 || reply.text.size() % sizeof(float) != 0) return {};
  if (dimension > 0 && count != static_cast<std::size_t>(dimension)) return {};
  Vector vector(count);
  std::memcpy(vector.data(), reply.text.data(), reply.text.size());
  float length = 0;
  for (const float number : vector) length += number * number;
  const bool unit = std::isfinite(length) && std::abs(length - 1) < 0.01F;
  return unit ? vector : Vector();
}

std::string bytes_of(const Vector& vector) {
  std::string bytes(vector.size() * sizeof(float), '\0');
  std::memcpy(bytes.data(), vector.data(), bytes.size());
  return bytes;
}

/// Nobody waits for it: what is not written is embedded again one day.
asio::awaitable<void> write(std::shared_ptr<net::RedisClient> redis, std::vector<net::RedisCommand> commands) {
  (void)co_await redis->pipeline(std::move(commands), Deadline::after(std::chrono::seconds(2)));
}

}  // namespace

QueryVectorCache::QueryVectorCache(std::unique_ptr<Embedder> inner, std::shared_ptr<net::RedisClient> redis,
                                   QueryVectorSource told, QueryVectorSettings settings)
    : inner_(std::move(inner)), redis_(std::move(redis)), told_(std::move(told)), settings_(settings) {}

/// MGET and the keys of the texts.
net::RedisCommand QueryVectorCache::wanted(const std::vector<std::string>& texts) const {
  net::RedisCommand command{"MGET"};
  for (const auto& text : texts) {
    net::Sha256 hash;
    hash.add(text);
    command.push_back("gibsey:query_vector:" + model() + ":" + hash.hex());
  }
  return command;
}

/// A vector a key, empty where there is none.
asio::awaitable<std::vector<Vector>> QueryVectorCache::kept(net::RedisCommand wanted) const {
  std::vector<Vector> vectors(wanted.size() - 1);
  auto reply = co_await redis_->call(std::move(wanted), Deadline::after(settings_.limit));
  if (!reply || reply->kind != Kind::array || reply->elements.size() != vectors.size()) co_return vectors;
  std::ranges::transform(reply->elements, vectors.begin(),
                         [this](const net::RedisReply& element) { return vector_of(element, dimension()); });
  co_return vectors;
}

asio::awaitable<void> QueryVectorCache::keep(net::RedisCommand keys, std::vector<std::size_t> places,
                                             const std::vector<Vector>& vectors) const {
  std::vector<net::RedisCommand> commands;
  for (const std::size_t at : places) {
    commands.push_back({"SET", keys[at + 1], bytes_of(vectors[at]), "EX", std::to_string(settings_.life.count())});
  }
  asio::co_spawn(co_await asio::this_coro::executor, write(redis_, std::move(commands)), asio::detached);
}

asio::awaitable<Result<std::vector<Vector>>> QueryVectorCache::embed_questions(std::vector<std::string> texts) {
  if (texts.empty()) co_return std::vector<Vector>();
  auto keys = wanted(texts);
  auto vectors = co_await kept(keys);
  std::vector<std::size_t> missing;
  std::vector<std::string> unknown;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (told_) told_(vectors[i].empty() ? "embedder" : "redis");
    if (!vectors[i].empty()) continue;
    missing.push_back(i);
    unknown.push_back(std::move(texts[i]));
  }
  if (missing.empty()) co_return vectors;
  GIBSEY_CO_TRY(auto fresh, co_await inner_->embed_questions(std::move(unknown)));
  if (fresh.size() != missing.size()) co_return fail(ErrorCode::internal, "the embedder gives another number of vectors");
  for (std::size_t i = 0; i < missing.size(); ++i) vectors[missing[i]] = std::move(fresh[i]);
  co_await keep(std::move(keys), std::move(missing), vectors);
  co_return vectors;
}

}  // namespace gibsey::provider
