#include "store/redis/conversation_publisher.hpp"

#include "net/testing/io_threads.hpp"
#include "net/testing/redis_server.hpp"

#include <gtest/gtest.h>
#include <hiredis/hiredis.h>

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace gibsey::store::redis {
namespace {

using namespace std::chrono_literals;
using net::testing::IoThreads;
using net::testing::RedisServer;

net::RedisOptions options_of(const RedisServer& server) {
  return {.port = server.port(), .connect_limit = 20s, .answer_limit = 20s};
}

bool comes_true(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + 60s;
  while (!condition() && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(5ms);
  return condition();
}

/// A connection by hiredis' own blocking calls: nothing of the client under test is in it.
class PlainConnection {
 public:
  explicit PlainConnection(std::uint16_t port) : context_(redisConnectWithTimeout("127.0.0.1", port, timeval{20, 0})) {
    if (!context_ || context_->err != 0) throw std::runtime_error("the test's own connection to Redis fails");
    redisSetTimeout(context_.get(), timeval{20, 0});
  }

  void tell(const char* command) {
    const std::unique_ptr<void, FreeReply> reply(redisCommand(context_.get(), command));
    if (!reply || static_cast<const redisReply*>(reply.get())->type == REDIS_REPLY_ERROR) throw std::runtime_error(command);
  }
  /// The next message of a subscription; "" when none comes.
  std::string next_message() {
    void* read = nullptr;
    if (redisGetReply(context_.get(), &read) != REDIS_OK) return "";
    const std::unique_ptr<void, FreeReply> owner(read);
    const auto* reply = static_cast<const redisReply*>(read);
    if (reply->elements != 3 || std::string_view(reply->element[0]->str) != "message") return "";
    return {reply->element[2]->str, reply->element[2]->len};
  }

 private:
  struct FreeContext {
    void operator()(redisContext* context) const { redisFree(context); }
  };
  struct FreeReply {
    void operator()(void* reply) const { freeReplyObject(reply); }
  };
  std::unique_ptr<redisContext, FreeContext> context_;
};

struct Subscriber : PlainConnection {
  explicit Subscriber(std::uint16_t port) : PlainConnection(port) { tell("SUBSCRIBE conversation_turns"); }
};

struct Publishing {
  explicit Publishing(net::RedisOptions options, PublisherOptions publisher_options = {})
      : redis(std::make_shared<net::RedisClient>(io.executor(), std::move(options))),
        publisher(io.executor(), redis, std::move(publisher_options)) {}
  ~Publishing() { redis->stop(); }
  Publishing(const Publishing&) = delete;
  Publishing& operator=(const Publishing&) = delete;

  IoThreads io;
  std::shared_ptr<net::RedisClient> redis;
  ConversationPublisher publisher;
};

TEST(ConversationPublisher, SubscribersSeeTheTurnsInOrder) {
  RedisServer server;
  Subscriber subscriber(server.port());
  Publishing publishing(options_of(server));
  for (int i = 0; i < 500; ++i) publishing.publisher.publish(R"({"user_message":"no. )" + std::to_string(i) + "\\n\"}");
  for (int i = 0; i < 500; ++i) ASSERT_EQ(subscriber.next_message(), R"({"user_message":"no. )" + std::to_string(i) + "\\n\"}");
  EXPECT_TRUE(comes_true([&] { return publishing.publisher.counts().published == 500; }));
  EXPECT_EQ(publishing.publisher.counts().dropped, 0U);
  EXPECT_EQ(publishing.publisher.counts().waiting, 0U);
  publishing.publisher.publish("later");
  EXPECT_EQ(subscriber.next_message(), "later");
}

TEST(ConversationPublisher, WhileRedisIsAwayTheNewestWait) {
  RedisServer server;
  server.kill();
  Publishing publishing(options_of(server), {.most_waiting = 10, .retry = 20ms});
  for (int i = 0; i < 25; ++i) publishing.publisher.publish(std::to_string(i));
  EXPECT_TRUE(comes_true([&] { return publishing.publisher.counts().dropped == 15; }));
  EXPECT_TRUE(comes_true([&] { return publishing.publisher.counts().waiting == 10; }));
  server.start();
  EXPECT_TRUE(comes_true([&] { return publishing.publisher.counts().published == 10; }));
  EXPECT_EQ(publishing.publisher.counts().dropped, 15U);
  EXPECT_EQ(publishing.publisher.counts().waiting, 0U);
}

TEST(ConversationPublisher, ASlowRedisHoldsUpNobodyAndTheNewestTurnsArriveInOrder) {
  RedisServer server;
  Subscriber subscriber(server.port());
  Publishing publishing(options_of(server), {.most_waiting = 100});
  publishing.publisher.publish("-1");
  ASSERT_EQ(subscriber.next_message(), "-1");
  server.pause();
  for (int i = 0; i < 10'000; ++i) publishing.publisher.publish(std::to_string(i));
  EXPECT_LE(publishing.publisher.counts().waiting, 164U) << "most_waiting and one batch under way";
  server.resume();
  int last = -1;
  while (last < 9'999) {
    const auto message = subscriber.next_message();
    ASSERT_NE(message, "");
    ASSERT_GT(std::stoi(message), last);
    last = std::stoi(message);
  }
  EXPECT_TRUE(comes_true([&] { return publishing.publisher.counts().waiting == 0; }));
  const auto counts = publishing.publisher.counts();
  EXPECT_EQ(counts.published + counts.dropped, 10'001U);
  EXPECT_GE(counts.published, 101U);
}

TEST(ConversationPublisher, WhatWaitedThroughARestartIsPublishedOnceMore) {
  RedisServer server;
  Publishing publishing(options_of(server), {.retry = 20ms});
  publishing.publisher.publish("before");
  EXPECT_TRUE(comes_true([&] { return publishing.publisher.counts().published == 1; }));
  server.pause();
  for (int i = 0; i < 100; ++i) publishing.publisher.publish(std::to_string(i));
  server.kill();
  server.start();
  EXPECT_TRUE(comes_true([&] { return publishing.publisher.counts().published == 101; }));
  EXPECT_EQ(publishing.publisher.counts().dropped, 0U);
}

TEST(ConversationPublisher, ABatchThatFailedKeepsItsPlace) {
  RedisServer server;
  Subscriber subscriber(server.port());
  PlainConnection operators(server.port());
  Publishing publishing(options_of(server), {.retry = 20ms});
  publishing.publisher.publish("-1");
  ASSERT_EQ(subscriber.next_message(), "-1");
  operators.tell("CLIENT PAUSE 60000 WRITE");  // holds PUBLISH back, and is no answer to it
  for (int i = 0; i < 200; ++i) publishing.publisher.publish(std::to_string(i));
  std::this_thread::sleep_for(100ms);
  operators.tell("CLIENT KILL TYPE normal");  // neither the subscriber nor the one who says so
  std::this_thread::sleep_for(100ms);
  operators.tell("CLIENT UNPAUSE");
  for (int i = 0; i < 200; ++i) ASSERT_EQ(subscriber.next_message(), std::to_string(i));
  EXPECT_TRUE(comes_true([&] { return publishing.publisher.counts().published == 201; }));
}

TEST(ConversationPublisher, StopPublishesWhatWaits) {
  RedisServer server;
  Publishing publishing(options_of(server));
  for (int i = 0; i < 300; ++i) publishing.publisher.publish(std::to_string(i));
  publishing.io.run(publishing.publisher.stop(Deadline::after(60s)));
  EXPECT_EQ(publishing.publisher.counts().published, 300U);
  publishing.publisher.publish("too late");
  EXPECT_EQ(publishing.publisher.counts().dropped, 1U);
  publishing.io.run(publishing.publisher.stop(Deadline::after(60s)));
}

TEST(ConversationPublisher, StopDoesNotWaitForARedisThatIsAway) {
  Publishing publishing({.port = RedisServer::free_port()}, {.retry = 20ms});
  for (int i = 0; i < 30; ++i) publishing.publisher.publish(std::to_string(i));
  const auto start = std::chrono::steady_clock::now();
  publishing.io.run(publishing.publisher.stop(Deadline::after(200ms)));
  EXPECT_LT(std::chrono::steady_clock::now() - start, 10s);
  EXPECT_TRUE(comes_true([&] { return publishing.publisher.counts().dropped == 30; }));
  EXPECT_EQ(publishing.publisher.counts().waiting, 0U);
}

TEST(ConversationPublisher, WhatRedisRefusesIsCounted) {
  RedisServer server;
  Publishing publishing(options_of(server));
  const auto told =
      publishing.io.run(publishing.redis->call({"ACL", "SETUSER", "default", "resetchannels"}, Deadline::after(20s)));
  ASSERT_TRUE(told);
  ASSERT_EQ(told->text, "OK");
  publishing.publisher.publish("unheard");
  EXPECT_TRUE(comes_true([&] { return publishing.publisher.counts().dropped == 1; }));
  EXPECT_EQ(publishing.publisher.counts().published, 0U);
}

TEST(ConversationPublisher, EndsWithItsClient) {
  RedisServer server;
  Publishing publishing(options_of(server));
  publishing.redis->stop();
  publishing.publisher.publish("nobody");
  EXPECT_TRUE(comes_true([&] { return publishing.publisher.counts().dropped == 1; }));
}

}  // namespace
}  // namespace gibsey::store::redis
