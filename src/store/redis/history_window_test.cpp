#include "store/redis/history_window.hpp"

#include "net/testing/io_threads.hpp"
#include "net/testing/redis_server.hpp"
#include "store/testing/await.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>

namespace gibsey::store::redis {
namespace {

using namespace std::chrono_literals;
using testing::error_of;
using testing::run_all;
using testing::value_of;
using Kind = net::RedisReply::Kind;

net::RedisOptions options_of(const net::testing::RedisServer& server) {
  return {.port = server.port(), .connect_limit = 20s, .answer_limit = 20s};
}

/// The window is asked from other executors than the connection's, as turns do.
class RedisWindow : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { server_ = std::make_unique<net::testing::RedisServer>(); }
  static void TearDownTestSuite() { server_.reset(); }
  ~RedisWindow() override { redis_->stop(); }

  net::RedisReply ask(net::RedisCommand command) { return value_of(redis_->call(std::move(command), Deadline::after(20s))); }

  static std::unique_ptr<net::testing::RedisServer> server_;
  net::testing::IoThreads io_;
  std::shared_ptr<net::RedisClient> redis_ = std::make_shared<net::RedisClient>(io_.executor(), options_of(*server_));
  std::unique_ptr<HistoryWindow> window_ = make_history_window(redis_, 20s);
};

std::unique_ptr<net::testing::RedisServer> RedisWindow::server_;

TEST_F(RedisWindow, KeepsPairsAsTheSourceDoes) {
  EXPECT_TRUE(value_of(window_->load("c1")).empty());
  value_of(window_->append("c1", "Wer?", "Ich \xE2\x80\x94 Arieol."));
  value_of(window_->append("c1", "Warum?", "\"Darum\"\n"));
  EXPECT_EQ(ask({"GET", "chrysopedia:chat:c1"}).text,
            R"([{"role": "user", "content": "Wer?"}, {"role": "assistant", "content": "Ich \u2014 Arieol."}, )"
            R"({"role": "user", "content": "Warum?"}, {"role": "assistant", "content": "\"Darum\"\n"}])");
  const std::vector<WindowMessage> expected{
      {"user", "Wer?"}, {"assistant", "Ich \xE2\x80\x94 Arieol."}, {"user", "Warum?"}, {"assistant", "\"Darum\"\n"}};
  EXPECT_EQ(value_of(window_->load("c1")), expected);
  EXPECT_TRUE(value_of(window_->load("c")).empty());
}

TEST_F(RedisWindow, ReadsWhatAnotherProgramWrote) {
  ask({"SET", "chrysopedia:chat:other",
       R"([{"role": "user", "content": "Hi \ud83c\udfee"}, {"role": "assistant", "content": "Hello"}])"});
  EXPECT_EQ(value_of(window_->load("other")),
            (std::vector<WindowMessage>{{"user", "Hi \xF0\x9F\x8F\xAE"}, {"assistant", "Hello"}}));
  value_of(window_->append("other", "And?", "That."));
  EXPECT_EQ(value_of(window_->load("other")).size(), 4U);
}

TEST_F(RedisWindow, LivesAnHourAfterTheLastAppend) {
  value_of(window_->append("idle", "q", "a"));
  EXPECT_GT(ask({"TTL", "chrysopedia:chat:idle"}).integer, 3'500);
  EXPECT_LE(ask({"TTL", "chrysopedia:chat:idle"}).integer, 3'600);
  ask({"EXPIRE", "chrysopedia:chat:idle", "100"});
  value_of(window_->load("idle"));
  EXPECT_LE(ask({"TTL", "chrysopedia:chat:idle"}).integer, 100) << "reading is no activity in the source";
  value_of(window_->append("idle", "q", "b"));
  EXPECT_GT(ask({"TTL", "chrysopedia:chat:idle"}).integer, 3'500);
  ask({"PEXPIRE", "chrysopedia:chat:idle", "1"});
  while (ask({"EXISTS", "chrysopedia:chat:idle"}).integer == 1) std::this_thread::sleep_for(1ms);
  EXPECT_TRUE(value_of(window_->load("idle")).empty());
}

TEST_F(RedisWindow, KeepsTheNewestTwentyMessages) {
  for (int i = 1; i <= 12; ++i) value_of(window_->append("long", "q" + std::to_string(i), "a" + std::to_string(i)));
  const auto messages = value_of(window_->load("long"));
  ASSERT_EQ(messages.size(), HistoryWindow::kMostMessages);
  EXPECT_EQ(messages.front(), (WindowMessage{"user", "q3"}));
  EXPECT_EQ(messages.back(), (WindowMessage{"assistant", "a12"}));
}

TEST_F(RedisWindow, AnUnreadableListIsSaidAndBegunAnew) {
  ask({"SET", "chrysopedia:chat:odd", "no list"});
  EXPECT_EQ(error_of(window_->load("odd")).code, ErrorCode::corrupt);
  value_of(window_->append("odd", "q", "a"));
  EXPECT_EQ(value_of(window_->load("odd")), (std::vector<WindowMessage>{{"user", "q"}, {"assistant", "a"}}));
  ask({"LPUSH", "chrysopedia:chat:list", "x"});
  EXPECT_EQ(error_of(window_->load("list")).code, ErrorCode::corrupt);
  EXPECT_EQ(error_of(window_->append("list", "q", "a")).code, ErrorCode::corrupt);
}

TEST_F(RedisWindow, Forgets) {
  value_of(window_->append("gone", "q", "a"));
  value_of(window_->forget("gone"));
  EXPECT_EQ(ask({"EXISTS", "chrysopedia:chat:gone"}).integer, 0);
  value_of(window_->forget("gone"));
}

boost::asio::awaitable<void> append_one(HistoryWindow& window, std::string conversation, int number, std::atomic<int>& refused) {
  const auto appended =
      co_await window.append(std::move(conversation), "q" + std::to_string(number), "a" + std::to_string(number));
  if (!appended) ++refused;
}

TEST_F(RedisWindow, NoConcurrentAppendIsLost) {
  const auto second_redis = std::make_shared<net::RedisClient>(io_.executor(), options_of(*server_));
  const auto second_window = make_history_window(second_redis, 20s);
  const std::array<HistoryWindow*, 2> windows{window_.get(), second_window.get()};
  for (int round = 0; round < 20; ++round) {
    const auto conversation = "crowd" + std::to_string(round);
    std::atomic<int> refused = 0;
    std::vector<boost::asio::awaitable<void>> operations;
    for (int i = 0; i < 8; ++i)
      operations.push_back(append_one(*windows[static_cast<std::size_t>(i % 2)], conversation, i, refused));
    run_all(std::move(operations), 4);
    EXPECT_EQ(refused, 0);
    const auto messages = value_of(window_->load(conversation));
    ASSERT_EQ(messages.size(), 16U) << "round " << round;
    std::vector<std::string> questions;
    for (std::size_t i = 0; i < messages.size(); i += 2) {
      questions.push_back(messages[i].content);
      EXPECT_EQ(messages[i + 1].content, "a" + messages[i].content.substr(1)) << "a pair stays together";
    }
    std::ranges::sort(questions);
    EXPECT_EQ(questions, (std::vector<std::string>{"q0", "q1", "q2", "q3", "q4", "q5", "q6", "q7"}));
  }
  second_redis->stop();
}

TEST(RedisWindowAway, SaysSo) {
  net::testing::IoThreads io;
  const auto redis =
      std::make_shared<net::RedisClient>(io.executor(), net::RedisOptions{.port = net::testing::RedisServer::free_port()});
  const auto window = make_history_window(redis);
  EXPECT_EQ(error_of(window->load("c")).code, ErrorCode::unavailable);
  EXPECT_EQ(error_of(window->append("c", "q", "a")).code, ErrorCode::unavailable);
  EXPECT_EQ(error_of(window->forget("c")).code, ErrorCode::unavailable);
  redis->stop();
}

TEST(RedisWindowAway, WaitsNoLongerThanItsLimit) {
  net::testing::RedisServer server;
  net::testing::IoThreads io;
  const auto redis = std::make_shared<net::RedisClient>(io.executor(), options_of(server));
  const auto window = make_history_window(redis, 200ms);
  EXPECT_EQ(value_of(redis->call({"PING"}, Deadline::after(20s))).text, "PONG");
  server.pause();
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(error_of(window->load("c")).code, ErrorCode::deadline);
  EXPECT_EQ(error_of(window->append("c", "q", "a")).code, ErrorCode::deadline);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 10s);
  server.resume();
  redis->stop();
}

}  // namespace
}  // namespace gibsey::store::redis
