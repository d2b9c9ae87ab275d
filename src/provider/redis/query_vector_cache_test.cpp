#include "provider/redis/query_vector_cache.hpp"

#include "net/testing/io_threads.hpp"
#include "net/testing/redis_server.hpp"

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <atomic>
#include <cmath>
#include <thread>

namespace gibsey::provider {
namespace {

using namespace std::chrono_literals;
using Vectors = std::vector<std::vector<float>>;

/// A vector of unit length out of the text's bytes.
std::vector<float> vector_of(const std::string& text) {
  const float x = static_cast<float>(text.size() % 7) / 10;
  return {x, std::sqrt(1 - x * x), 0};
}

class CountingEmbedder final : public Embedder {
 public:
  explicit CountingEmbedder(std::string model) : model_(std::move(model)) {}
  boost::asio::awaitable<Result<Vectors>> embed(std::vector<std::string> texts) override {
    asked += static_cast<int>(texts.size());
    if (away) co_return fail(ErrorCode::unavailable, "away");
    Vectors vectors;
    for (const auto& text : texts) vectors.push_back(vector_of(text));
    co_return vectors;
  }
  [[nodiscard]] std::string model() const override { return model_; }
  [[nodiscard]] int dimension() const override { return 3; }
  std::atomic<int> asked = 0;
  std::atomic<bool> away = false;

 private:
  std::string model_;
};

/// Two processes on one Redis, each with its own connection.
class QueryVectorCacheTest : public ::testing::Test {
 protected:
  struct Process {
    Process(net::testing::IoThreads& io, const net::RedisOptions& options, const std::string& model = "one")
        : redis(std::make_shared<net::RedisClient>(io.executor(), options)) {
      auto counting = std::make_unique<CountingEmbedder>(model);
      embedder = counting.get();
      cache = std::make_unique<QueryVectorCache>(
          std::move(counting), redis, [this](std::string_view source) { (source == "redis" ? found : missed)++; },
          QueryVectorSettings{.limit = 5s});
    }
    ~Process() { redis->stop(); }
    std::shared_ptr<net::RedisClient> redis;
    CountingEmbedder* embedder = nullptr;
    std::unique_ptr<QueryVectorCache> cache;
    std::atomic<int> found = 0;
    std::atomic<int> missed = 0;
  };

  static void SetUpTestSuite() { server_ = std::make_unique<net::testing::RedisServer>(); }
  static void TearDownTestSuite() { server_.reset(); }
  static net::RedisOptions options() { return {.port = server_->port(), .connect_limit = 20s, .answer_limit = 20s}; }

  Result<Vectors> ask(Process& process, std::vector<std::string> texts) {
    return boost::asio::co_spawn(io_.executor(), process.cache->embed_questions(std::move(texts)), boost::asio::use_future).get();
  }
  net::RedisReply redis(Process& process, net::RedisCommand command) {
    return boost::asio::co_spawn(io_.executor(), process.redis->call(std::move(command), Deadline::after(20s)),
                                 boost::asio::use_future)
        .get()
        .value();
  }
  /// Writes are not waited for by those who ask.
  void wait_for_keys(Process& process, const std::string& model, std::size_t count) {
    for (int i = 0; i < 500; ++i) {
      if (redis(process, {"KEYS", "gibsey:query_vector:" + model + ":*"}).elements.size() == count) return;
      std::this_thread::sleep_for(10ms);
    }
    FAIL() << "the vectors were not written";
  }

  static std::unique_ptr<net::testing::RedisServer> server_;
  net::testing::IoThreads io_;
};

std::unique_ptr<net::testing::RedisServer> QueryVectorCacheTest::server_;

TEST_F(QueryVectorCacheTest, AQuestionIsEmbeddedOnceForAllProcesses) {
  Process first(io_, options(), "shared");
  Process second(io_, options(), "shared");
  EXPECT_EQ(ask(first, {"Who?", "Why now?"}).value(), (Vectors{vector_of("Who?"), vector_of("Why now?")}));
  wait_for_keys(first, "shared", 2);
  EXPECT_EQ(ask(second, {"Why now?", "Where to?", "Who?"}).value(),
            (Vectors{vector_of("Why now?"), vector_of("Where to?"), vector_of("Who?")}));
  EXPECT_EQ(first.embedder->asked, 2);
  EXPECT_EQ(second.embedder->asked, 1) << "only the one that was new";
  EXPECT_EQ(second.found, 2);
  EXPECT_EQ(second.missed, 1);
  wait_for_keys(first, "shared", 3);
  const auto keys = redis(first, {"KEYS", "gibsey:query_vector:shared:*"});
  EXPECT_GT(redis(first, {"TTL", keys.elements.at(0).text}).integer, 86'000);
}

TEST_F(QueryVectorCacheTest, AnotherModelHasItsOwn) {
  Process one(io_, options(), "model-a");
  Process other(io_, options(), "model-b");
  ask(one, {"Who?"}).value();
  wait_for_keys(one, "model-a", 1);
  ask(other, {"Who?"}).value();
  EXPECT_EQ(other.embedder->asked, 1);
}

TEST_F(QueryVectorCacheTest, WhatIsNoVectorIsNotTaken) {
  Process process(io_, options(), "spoilt");
  ask(process, {"Who?"}).value();
  wait_for_keys(process, "spoilt", 1);
  const auto key = redis(process, {"KEYS", "gibsey:query_vector:spoilt:*"}).elements.at(0).text;
  for (const std::string& bad :
       {std::string("abc"), std::string(8, '\0'), std::string(12, '\0'), std::string(12, '\x7f'), std::string(12, '\xff')}) {
    redis(process, {"SET", key, bad});
    EXPECT_EQ(ask(process, {"Who?"}).value(), (Vectors{vector_of("Who?")}));
  }
  redis(process, {"DEL", key});
  redis(process, {"LPUSH", key, "a list"});
  EXPECT_EQ(ask(process, {"Who?"}).value(), (Vectors{vector_of("Who?")}));
  EXPECT_EQ(process.found, 0);
}

TEST_F(QueryVectorCacheTest, WithoutRedisEachQuestionIsEmbedded) {
  net::testing::RedisServer gone;
  const auto port = gone.port();
  gone.kill();
  Process process(io_, {.port = port, .connect_limit = 1s});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask(process, {"Who?"}).value(), (Vectors{vector_of("Who?")}));
  EXPECT_EQ(process.embedder->asked, 3);
  process.embedder->away = true;
  EXPECT_EQ(ask(process, {"Who?"}).error().code, ErrorCode::unavailable);
  EXPECT_EQ(ask(process, {}).value(), Vectors());
}

}  // namespace
}  // namespace gibsey::provider
