#include "chat/history_window.hpp"

#include "net/testing/io_threads.hpp"
#include "net/testing/redis_server.hpp"
#include "store/memory/turn_store.hpp"
#include "store/redis/history_window.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>

namespace gibsey::chat {
namespace {

/// "abc": three exchanges, of which the first is {"a?", "a."}; an upper case letter is another reply to the same question.
std::vector<PastExchange> exchanges(std::string_view letters) {
  std::vector<PastExchange> list;
  for (const char letter : letters) {
    const auto lower = static_cast<char>(letter | 0x20);
    list.push_back({std::string(1, lower) + "?", std::string(1, letter) + "."});
  }
  return list;
}

std::vector<store::WindowMessage> window_of(std::string_view letters) {
  std::vector<store::WindowMessage> window;
  for (auto& exchange : exchanges(letters)) {
    window.push_back({"user", exchange.question});
    window.push_back({"assistant", exchange.reply});
  }
  return window;
}

std::string chosen(std::string_view recorded, std::string_view window) {
  std::string letters;
  for (const auto& exchange : choose_history(exchanges(recorded), window_of(window))) letters.push_back(exchange.reply.front());
  return letters;
}

TEST(HistoryWindow, WithoutARecordTheWindowIsTheHistory) {
  EXPECT_EQ(chosen("", ""), "");
  EXPECT_EQ(chosen("", "ab"), "ab");
}

TEST(HistoryWindow, WithoutAWindowTheRecordIs) {
  EXPECT_EQ(chosen("ab", ""), "ab");
}

TEST(HistoryWindow, WhatAnotherProgramAddedIsKnown) {
  EXPECT_EQ(chosen("ab", "abx"), "abx");
  EXPECT_EQ(chosen("ab", "xayb"), "xayb");
}

TEST(HistoryWindow, AWindowThatIsBehindOrElsewhereIsNotBelieved) {
  EXPECT_EQ(chosen("abc", "ab"), "abc") << "it missed the last";
  EXPECT_EQ(chosen("abc", "ac"), "abc") << "it missed one";
  EXPECT_EQ(chosen("ab", "ba"), "ab") << "another order";
  EXPECT_EQ(chosen("aBc", "abc"), "aBc") << "b was answered anew since";
}

TEST(HistoryWindow, AFullOneMayHaveDroppedTheOldest) {
  EXPECT_EQ(chosen("abcdefghij", "bcdefghijx"), "bcdefghijx");
  EXPECT_EQ(chosen("abcdefghij", "bcdefghij"), "abcdefghij") << "it was not full, so it missed the first";
  EXPECT_EQ(chosen("abcdefghij", "qrstuvwxyz"), "abcdefghij");
}

TEST(HistoryWindow, OnlyPairsCount) {
  const std::vector<store::WindowMessage> window{{"assistant", "z."}, {"user", "y?"},  {"user", "a?"},
                                                 {"assistant", "a."}, {"system", "x"}, {"user", "w?"}};
  const auto history = choose_history({}, window);
  ASSERT_EQ(history.size(), 1U);
  EXPECT_EQ(history.front().question, "a?");
}

model::Turn turn_of(std::string question, std::string reply) {
  return {.id = "t", .conversation_id = "c", .question = std::move(question), .reply = std::move(reply)};
}

TEST(HistoryWindow, TakesTurnsWithAReply) {
  net::testing::RedisServer server;
  net::testing::IoThreads io;
  const auto redis = std::make_shared<net::RedisClient>(io.executor(), net::RedisOptions{.port = server.port()});
  const auto window = store::redis::make_history_window(redis, std::chrono::seconds(20));
  store::MemoryTurnStore turns;
  io.run(turns.begin(turn_of("a?", "a."))).value();
  io.run(append_to_window(*window, turns, turn_of("a?", "a.")));
  io.run(append_to_window(*window, turns, turn_of("b?", "")));
  EXPECT_EQ(io.run(load_window(*window, "c")), window_of("a"));
  redis->stop();
}

TEST(HistoryWindow, OfAConversationThatWasRemovedMeanwhileNothingStays) {
  net::testing::RedisServer server;
  net::testing::IoThreads io;
  const auto redis = std::make_shared<net::RedisClient>(io.executor(), net::RedisOptions{.port = server.port()});
  const auto window = store::redis::make_history_window(redis, std::chrono::seconds(20));
  store::MemoryTurnStore turns;
  const auto turn = turn_of("a?", "a.");
  io.run(turns.begin(turn)).value();
  io.run(append_to_window(*window, turns, turn));
  auto ended = turn;
  ended.status = model::TurnStatus::complete;
  io.run(turns.finish(ended, 0, {})).value();
  io.run(turns.remove_conversation("c")).value();
  io.run(append_to_window(*window, turns, turn));
  EXPECT_TRUE(io.run(load_window(*window, "c")).empty());
  redis->stop();
}

TEST(HistoryWindow, TroubleCostsNothingButTheWindow) {
  net::testing::IoThreads io;
  const auto redis =
      std::make_shared<net::RedisClient>(io.executor(), net::RedisOptions{.port = net::testing::RedisServer::free_port()});
  const auto window = store::redis::make_history_window(redis);
  store::MemoryTurnStore turns;
  io.run(append_to_window(*window, turns, turn_of("a?", "a.")));
  EXPECT_TRUE(io.run(load_window(*window, "c")).empty());
  redis->stop();
}

}  // namespace
}  // namespace gibsey::chat
