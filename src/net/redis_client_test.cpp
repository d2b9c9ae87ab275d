#include "net/redis_client.hpp"

#include "net/testing/io_threads.hpp"
#include "net/testing/redis_server.hpp"

#include <gtest/gtest.h>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <future>
#include <memory>
#include <thread>

namespace gibsey::net {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using Kind = RedisReply::Kind;
using testing::IoThreads;
using testing::RedisServer;

RedisReply ok() {
  return {.kind = Kind::status, .text = "OK"};
}
RedisReply bulk(std::string text) {
  return {.kind = Kind::bulk, .text = std::move(text)};
}
RedisReply number(std::int64_t value) {
  return {.kind = Kind::integer, .integer = value};
}

/// A client of its own executor, asked from the test's thread.
class Asker {
 public:
  explicit Asker(RedisOptions options) : client(io.executor(), std::move(options)) {}

  Result<RedisReply> ask(RedisCommand command, std::chrono::milliseconds time = 20s) {
    return io.run(client.call(std::move(command), Deadline::after(time)));
  }
  std::future<Result<RedisReply>> start(RedisCommand command, std::chrono::milliseconds time = 20s) {
    return io.start(client.call(std::move(command), Deadline::after(time)));
  }
  ErrorCode error_of(RedisCommand command, std::chrono::milliseconds time = 20s) {
    const auto reply = ask(std::move(command), time);
    EXPECT_FALSE(reply);
    return reply ? ErrorCode::internal : reply.error().code;
  }
  /// Asks until there is an answer, as callers after an outage do.
  bool recovers() {
    const auto end = std::chrono::steady_clock::now() + 60s;
    while (std::chrono::steady_clock::now() < end) {
      if (ask({"PING"})) return true;
      std::this_thread::sleep_for(20ms);
    }
    return false;
  }

  IoThreads io;
  RedisClient client;
};

RedisOptions options_of(const RedisServer& server) {
  return {.port = server.port(), .connect_limit = 20s, .answer_limit = 20s};
}

class RedisClientTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { server_ = std::make_unique<RedisServer>(); }
  static void TearDownTestSuite() { server_.reset(); }
  static std::unique_ptr<RedisServer> server_;

  Asker redis_{options_of(*server_)};
};

std::unique_ptr<RedisServer> RedisClientTest::server_;

TEST_F(RedisClientTest, EveryKindOfAnswer) {
  EXPECT_FALSE(redis_.client.state().connected);
  EXPECT_EQ(redis_.client.state().detail, "nothing was asked yet");
  EXPECT_EQ(redis_.ask({"SET", "kinds", "text"}), ok());
  EXPECT_EQ(redis_.ask({"GET", "kinds"}), bulk("text"));
  EXPECT_EQ(redis_.ask({"GET", "kinds:none"}), RedisReply{});
  EXPECT_EQ(redis_.ask({"INCRBY", "kinds:count", "-7"}), number(-7));
  EXPECT_EQ(redis_.ask({"EVAL", "return {1, {'a', false}, {}}", "0"}),
            (RedisReply{.kind = Kind::array,
                        .elements = {number(1), {.kind = Kind::array, .elements = {bulk("a"), {}}}, {.kind = Kind::array}}}));
  const auto refused = redis_.ask({"INCR", "kinds"});
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->kind, Kind::error);
  EXPECT_TRUE(refused->text.starts_with("ERR ")) << refused->text;
  const auto state = redis_.client.state();
  EXPECT_TRUE(state.connected);
  EXPECT_EQ(state.detail, "");
  ASSERT_TRUE(state.latency_ms);
  EXPECT_GT(*state.latency_ms, 0);
}

TEST_F(RedisClientTest, KeysAndValuesOfAnyBytes) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<char>(i));
  bytes += "\r\n$-1\r\n";
  EXPECT_EQ(redis_.ask({"SET", bytes, bytes}), ok());
  EXPECT_EQ(redis_.ask({"GET", bytes}), bulk(bytes));
}

TEST_F(RedisClientTest, ValuesOfAMebibyte) {
  std::string large(1024 * 1024, 'x');
  for (std::size_t i = 0; i < large.size(); i += 997) large[i] = static_cast<char>(i);
  EXPECT_EQ(redis_.ask({"SET", "large", large}), ok());
  const auto kept = redis_.ask({"GET", "large"});
  ASSERT_TRUE(kept);
  EXPECT_TRUE(kept->text == large);
}

TEST_F(RedisClientTest, AThousandCallersShareOneConnection) {
  std::vector<std::future<Result<RedisReply>>> answers;
  for (int i = 0; i < 1'000; ++i) answers.push_back(redis_.start({"ECHO", std::to_string(i)}));
  for (int i = 0; i < 1'000; ++i) EXPECT_EQ(answers[static_cast<std::size_t>(i)].get(), bulk(std::to_string(i)));
  const auto clients = redis_.ask({"CLIENT", "LIST", "TYPE", "normal"});
  ASSERT_TRUE(clients);
  EXPECT_EQ(std::ranges::count(clients->text, '\n'), 1) << clients->text;
}

TEST_F(RedisClientTest, AThousandCommandsInOneGoAreAnsweredInOrder) {
  std::vector<RedisCommand> commands;
  for (int i = 0; i < 1'000; ++i) commands.push_back({"INCR", "in-one-go"});
  const auto replies = redis_.io.run(redis_.client.pipeline(std::move(commands), Deadline::after(20s)));
  ASSERT_TRUE(replies);
  ASSERT_EQ(replies->size(), 1'000U);
  for (int i = 0; i < 1'000; ++i) EXPECT_EQ((*replies)[static_cast<std::size_t>(i)], number(i + 1));
  EXPECT_EQ(redis_.io.run(redis_.client.pipeline({}, Deadline::after(20s)))->size(), 0U);
}

TEST_F(RedisClientTest, NobodyElsesCommandsComeInBetweenOfOneGo) {
  std::vector<std::future<Result<std::vector<RedisReply>>>> answers;
  for (int i = 0; i < 50; ++i) {
    const auto value = std::to_string(i);
    std::vector<RedisCommand> commands{{"MULTI"}, {"SET", "in-between", value}, {"GET", "in-between"}, {"EXEC"}};
    answers.push_back(redis_.io.start(redis_.client.pipeline(std::move(commands), Deadline::after(20s))));
  }
  for (int i = 0; i < 50; ++i) {
    const auto replies = answers[static_cast<std::size_t>(i)].get();
    ASSERT_TRUE(replies);
    EXPECT_EQ(replies->back(), (RedisReply{.kind = Kind::array, .elements = {ok(), bulk(std::to_string(i))}}));
  }
}

TEST_F(RedisClientTest, SelectsItsDatabase) {
  auto options = options_of(*server_);
  options.db = 3;
  Asker third(options);
  EXPECT_EQ(third.ask({"SET", "which", "third"}), ok());
  EXPECT_EQ(redis_.ask({"GET", "which"}), RedisReply{});
  options.db = 99;
  Asker none(options);
  const auto reply = none.ask({"PING"});
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::unavailable);
  EXPECT_NE(reply.error().message.find("SELECT 99"), std::string::npos) << reply.error().message;
}

TEST_F(RedisClientTest, SpeaksOverAUnixSocket) {
  Asker local({.host = server_->socket_path()});
  EXPECT_EQ(local.ask({"ECHO", "here"}), bulk("here"));
  Asker absent({.host = server_->socket_path() + ".none"});
  EXPECT_EQ(absent.error_of({"PING"}), ErrorCode::unavailable);
  Asker too_long({.host = "/" + std::string(200, 'x')});
  EXPECT_EQ(too_long.error_of({"PING"}), ErrorCode::unavailable);
}

TEST_F(RedisClientTest, FindsItsServerByName) {
  auto options = options_of(*server_);
  options.host = "localhost";  // on many machines ::1 comes first, where this server does not listen
  Asker named(options);
  EXPECT_EQ(named.ask({"ECHO", "here"}), bulk("here"));
}

TEST_F(RedisClientTest, RefusesWhatCannotBeSent) {
  EXPECT_EQ(redis_.error_of({}), ErrorCode::invalid_argument);
  auto options = options_of(*server_);
  options.most_bytes = 1'000;
  options.most_commands = 3;
  Asker small(options);
  EXPECT_EQ(small.error_of({"ECHO", std::string(1'000, 'x')}), ErrorCode::too_large);
  std::vector<RedisCommand> many(4, {"PING"});
  EXPECT_EQ(small.io.run(small.client.pipeline(many, Deadline::after(20s))).error().code, ErrorCode::too_large);
  EXPECT_TRUE(small.ask({"PING"}));
}

TEST_F(RedisClientTest, AStoppedOneAnswersNobody) {
  EXPECT_TRUE(redis_.ask({"PING"}));
  redis_.client.stop();
  EXPECT_EQ(redis_.error_of({"PING"}), ErrorCode::cancelled);
  EXPECT_FALSE(redis_.client.state().connected);
  Asker unused(options_of(*server_));
  unused.client.stop();
  EXPECT_EQ(unused.error_of({"PING"}), ErrorCode::cancelled);
}

TEST(RedisPassword, IsAskedForAndNeverShown) {
  RedisServer server("the right word");
  auto options = options_of(server);
  Asker without(options);
  const auto wanted = without.ask({"PING"});
  ASSERT_FALSE(wanted);
  EXPECT_EQ(wanted.error().code, ErrorCode::unavailable);
  EXPECT_NE(wanted.error().message.find("REDIS_PASSWORD"), std::string::npos);

  options.password = "a wrong word";
  Asker wrong(options);
  const auto refused = wrong.ask({"PING"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
  EXPECT_NE(refused.error().message.find("WRONGPASS"), std::string::npos) << refused.error().message;
  EXPECT_EQ(refused.error().message.find("a wrong word"), std::string::npos);
  EXPECT_EQ(wrong.client.state().detail, refused.error().message);

  options.password = "the right word";
  Asker right(options);
  EXPECT_EQ(right.ask({"ECHO", "in"}), bulk("in"));
}

TEST(RedisOutage, TheClientRecoversFromARestart) {
  RedisServer server;
  Asker redis(options_of(server));
  EXPECT_EQ(redis.ask({"SET", "lost", "x"}), ok());
  server.pause();
  auto under_way = redis.start({"GET", "lost"});
  std::this_thread::sleep_for(50ms);
  server.kill();
  EXPECT_EQ(under_way.get().error().code, ErrorCode::unavailable);
  EXPECT_EQ(redis.error_of({"PING"}), ErrorCode::unavailable);
  const auto state = redis.client.state();
  EXPECT_FALSE(state.connected);
  EXPECT_NE(state.detail.find("127.0.0.1:"), std::string::npos) << state.detail;
  server.start();
  ASSERT_TRUE(redis.recovers());
  EXPECT_EQ(redis.ask({"GET", "lost"}), RedisReply{});
  EXPECT_TRUE(redis.client.state().connected);
}

TEST(RedisOutage, CallsFailAtOnceWhileItIsAway) {
  Asker redis({.port = RedisServer::free_port(), .first_backoff = 30s});
  EXPECT_EQ(redis.error_of({"PING"}), ErrorCode::unavailable);
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 100; ++i) ASSERT_EQ(redis.error_of({"PING"}), ErrorCode::unavailable);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 10s) << "each would wait for an attempt otherwise";
}

TEST(RedisOutage, AServerThatDoesNotGreetIsGivenUp) {
  RedisServer server;
  server.pause();
  auto options = options_of(server);
  options.connect_limit = 300ms;
  options.first_backoff = 50ms;
  Asker redis(options);
  EXPECT_EQ(redis.error_of({"PING"}, 10ms), ErrorCode::deadline) << "the caller's time comes first";
  EXPECT_EQ(redis.error_of({"PING"}), ErrorCode::unavailable);
  EXPECT_NE(redis.client.state().detail.find("did not answer in time"), std::string::npos);
  server.resume();
  EXPECT_TRUE(redis.recovers());
}

TEST(RedisOutage, ALateAnswerIsNobodyElses) {
  RedisServer server;
  Asker redis(options_of(server));
  ASSERT_TRUE(redis.ask({"PING"}));
  server.pause();
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(redis.error_of({"ECHO", "first"}, 200ms), ErrorCode::deadline);
  EXPECT_EQ(redis.error_of({"ECHO", "second"}, 0ms), ErrorCode::deadline);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 10s);
  EXPECT_TRUE(redis.client.state().connected);
  auto third = redis.start({"ECHO", "third"});
  server.resume();
  EXPECT_EQ(third.get(), bulk("third"));
  EXPECT_EQ(redis.ask({"ECHO", "fourth"}), bulk("fourth"));
}

TEST(RedisOutage, ASilentConnectionIsGivenUp) {
  RedisServer server;
  auto options = options_of(server);
  options.answer_limit = 500ms;
  options.connect_limit = 500ms;
  Asker redis(options);
  ASSERT_TRUE(redis.recovers());
  server.pause();
  const auto reply = redis.ask({"PING"}, 60s);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::unavailable);
  EXPECT_NE(reply.error().message.find("did not answer in time"), std::string::npos) << reply.error().message;
  server.resume();
  EXPECT_TRUE(redis.recovers());
}

TEST(RedisOutage, OnlySoManyCommandsWait) {
  RedisServer server;
  auto options = options_of(server);
  options.most_commands = 4;
  Asker redis(options);
  ASSERT_TRUE(redis.ask({"PING"}));
  server.pause();
  std::vector<std::future<Result<RedisReply>>> answers;
  for (int i = 0; i < 4; ++i) answers.push_back(redis.start({"ECHO", std::to_string(i)}, i == 0 ? 2s : 20s));
  EXPECT_EQ(answers[0].get().error().code, ErrorCode::deadline);
  EXPECT_EQ(redis.error_of({"PING"}), ErrorCode::busy) << "the answer to the one that was given up is still to come";
  server.resume();
  for (std::size_t i = 1; i < 4; ++i) EXPECT_EQ(answers[i].get(), bulk(std::to_string(i)));
  EXPECT_TRUE(redis.ask({"PING"}));
}

TEST(RedisOutage, StopEndsWhatIsUnderWay) {
  RedisServer server;
  Asker redis(options_of(server));
  ASSERT_TRUE(redis.ask({"PING"}));
  server.pause();
  auto under_way = redis.start({"PING"});
  std::this_thread::sleep_for(50ms);
  redis.client.stop();
  EXPECT_EQ(under_way.get().error().code, ErrorCode::cancelled);
}

/// Answers PING as Redis does, and then with the bytes given.
class StrangeServer {
 public:
  explicit StrangeServer(std::string bytes)
      : bytes_(std::move(bytes)), acceptor_(context_, {asio::ip::address_v4::loopback(), 0}), thread_([this] { serve(); }) {}
  ~StrangeServer() {
    ending_ = true;
    boost::system::error_code ignored;
    asio::ip::tcp::socket wake(context_);
    wake.connect(acceptor_.local_endpoint(), ignored);
    thread_.join();
  }
  StrangeServer(const StrangeServer&) = delete;
  StrangeServer& operator=(const StrangeServer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
  void serve() {
    while (!ending_) {
      boost::system::error_code error;
      asio::ip::tcp::socket socket(context_);
      acceptor_.accept(socket, error);
      std::array<char, 1024> in{};
      for (const auto& answer : {std::string("+PONG\r\n"), bytes_}) {
        if (!ending_ && !error) socket.read_some(asio::buffer(in), error);
        if (!ending_ && !error) asio::write(socket, asio::buffer(answer), error);
      }
      // The client is the one to leave.
      if (!ending_ && !error) socket.read_some(asio::buffer(in), error);
    }
  }

  std::string bytes_;
  asio::io_context context_;
  asio::ip::tcp::acceptor acceptor_;
  std::atomic<bool> ending_ = false;
  std::thread thread_;
};

TEST(RedisStranger, WhatIsNoAnswerIsCorrupt) {
  StrangeServer server("HTTP/1.1 400 Bad Request\r\n\r\n");
  Asker redis({.port = server.port(), .connect_limit = 20s, .first_backoff = 30s});
  EXPECT_EQ(redis.error_of({"GET", "x"}), ErrorCode::corrupt);
  EXPECT_EQ(redis.error_of({"GET", "x"}), ErrorCode::unavailable);
}

TEST(RedisStranger, AnAnswerThatNobodyAskedForEndsTheConnection) {
  StrangeServer server(":1\r\n:2\r\n");
  Asker redis({.port = server.port(), .connect_limit = 20s, .first_backoff = 30s});
  EXPECT_EQ(redis.ask({"GET", "x"}), number(1));
  EXPECT_EQ(redis.error_of({"GET", "x"}), ErrorCode::unavailable);
  EXPECT_NE(redis.client.state().detail.find("nobody asked for"), std::string::npos) << redis.client.state().detail;
}

}  // namespace
}  // namespace gibsey::net
