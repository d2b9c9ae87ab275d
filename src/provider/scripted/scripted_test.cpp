#include "provider/scripted/scripted_model.hpp"

#include "provider/testing/run.hpp"

#include <gtest/gtest.h>
#include <boost/asio/detached.hpp>

#include <fstream>
#include <thread>

namespace gibsey::provider {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using testing::read_all;
using testing::run;
using testing::tell;
using testing::Told;

ChatRequest question(const std::string& text = "Why?") {
  ChatRequest request;
  request.messages = {{Role::system, "You keep the tower."}, {Role::user, text}};
  return request;
}

ScriptedReply reply_of(std::vector<std::string> chunks, std::string match = {}) {
  ScriptedReply reply;
  reply.match = std::move(match);
  for (auto& chunk : chunks) reply.chunks.push_back({std::move(chunk), {}});
  return reply;
}

ScriptedReply endless() {
  ScriptedReply reply;
  for (int i = 0; i < 100; ++i) reply.chunks.push_back({"word ", milliseconds(i == 0 ? 0 : 10'000)});
  return reply;
}

TEST(Scripted, AMatchGoesBeforeTheRotation) {
  ScriptedModel model({.replies = {reply_of({"one"}), reply_of({"the ", "tower"}, "tower"), reply_of({"two"})}});
  EXPECT_EQ(run(tell(model, question("Why the tower?"))).text, "the tower");
  EXPECT_EQ(run(tell(model, question())).text, "one");
  EXPECT_EQ(run(tell(model, question())).text, "two");
  EXPECT_EQ(run(tell(model, question())).text, "one");
}

TEST(Scripted, KeepsTheTimeOfTheScript) {
  ScriptedReply reply;
  reply.first_token = milliseconds(30);
  reply.chunks = {{"a", milliseconds(0)}, {"b", milliseconds(30)}};
  ScriptedModel model({.replies = {reply}});
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(run(tell(model, question())).text, "ab");
  EXPECT_GE(std::chrono::steady_clock::now() - start, milliseconds(60));
}

TEST(Scripted, FailsWhereTheScriptSaysSo) {
  auto reply = reply_of({"a", "b", "c"});
  reply.failure = ScriptedFailure{2, ErrorCode::unavailable, "the model fell over"};
  ScriptedModel model({.replies = {reply}});
  const auto told = run(tell(model, question()));
  EXPECT_EQ(told.text, "ab");
  ASSERT_TRUE(told.error);
  EXPECT_EQ(told.error->message, "the model fell over");
  EXPECT_EQ(model.running(), 0);
}

TEST(Scripted, KeepsTheRulesOfARequest) {
  ScriptedModel model({.replies = {reply_of({"one ", "two ", "three"})}});
  auto request = question();
  request.max_tokens = 2;
  auto told = run(tell(model, request));
  EXPECT_EQ(told.text, "one two ");
  EXPECT_EQ(told.generated.finish_reason, model::FinishReason::length);
  EXPECT_EQ(told.generated.usage.completion_tokens, 2);
  request = question();
  request.stop = {"o th"};
  told = run(tell(model, request));
  EXPECT_EQ(told.text, "one tw");
  EXPECT_EQ(told.generated.finish_reason, model::FinishReason::stop);
}

TEST(Scripted, TheDeadlineEndsAReply) {
  ScriptedModel model({.replies = {endless()}});
  auto request = question();
  request.deadline = Deadline::after(milliseconds(20));
  const auto told = run(tell(model, request));
  EXPECT_EQ(told.text, "word ");
  ASSERT_TRUE(told.error);
  EXPECT_EQ(told.error->code, ErrorCode::deadline);
}

asio::awaitable<void> stop_after_first(ChatModel& model, Told& told) {
  auto stream = co_await model.start(question());
  if (!stream) co_return;
  const auto first = co_await (*stream)->next();
  std::thread stopper([&] {
    std::this_thread::sleep_for(milliseconds(10));
    (*stream)->stop();
  });
  told = co_await read_all(**stream);
  stopper.join();
}

TEST(Scripted, AStopFromAnotherThreadEndsAReply) {
  ScriptedModel model({.replies = {endless()}});
  asio::io_context io;
  Told told;
  asio::co_spawn(io, stop_after_first(model, told), asio::detached);
  io.run();
  EXPECT_FALSE(told.error);
  EXPECT_EQ(told.generated.finish_reason, model::FinishReason::stopped_by_reader);
  EXPECT_EQ(told.generated.usage.completion_tokens, 1);
  EXPECT_EQ(model.running(), 0);
}

TEST(Scripted, AFullQueueIsBusyAndAFreedPlaceIsTaken) {
  ScriptedModel model({.replies = {endless(), reply_of({"second"}), reply_of({"third"})}, .max_running = 1, .max_queue = 2});
  auto first = run(model.start(question()));
  auto second = run(model.start(question()));
  auto third = run(model.start(question()));
  const auto fourth = run(model.start(question()));
  ASSERT_TRUE(first && second && third);
  ASSERT_FALSE(fourth);
  EXPECT_EQ(fourth.error().code, ErrorCode::busy);
  EXPECT_EQ(model.running(), 1);
  EXPECT_EQ(model.queued(), 2);

  asio::io_context io;
  std::vector<std::string> order;
  const auto note = [&order](const std::exception_ptr&, const Told& told) { order.push_back(told.text); };
  asio::co_spawn(io, read_all(**third), note);
  asio::co_spawn(io, read_all(**second), note);
  io.poll();
  EXPECT_TRUE(order.empty());
  first->reset();
  io.run();
  EXPECT_EQ(order, (std::vector<std::string>{"second", "third"}));
  EXPECT_EQ(model.running(), 0);
}

class ScriptFile : public ::testing::Test {
 protected:
  void SetUp() override { file_ = std::filesystem::path(::testing::TempDir()) / "scripted_test.json"; }
  void TearDown() override { std::filesystem::remove(file_); }
  Result<std::unique_ptr<ScriptedModel>> load(const std::string& text) const {
    std::ofstream(file_) << text;
    return ScriptedModel::load(file_);
  }
  std::filesystem::path file_;
};

TEST_F(ScriptFile, IsRead) {
  const auto model = load(R"({"name": "tale", "supports_opening": true, "is_small": true, "context_tokens": 500, "max_running": 3,
    "replies": [{"match": "tower", "chunks": ["a ", {"text": "b", "delay_ms": 1}], "finish": "length"},
                {"tokens": 3, "tokens_per_second": 0},
                {"chunks": ["x"], "error": {"after_chunks": 1, "code": "busy", "message": "later"}}]})");
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ((*model)->model(), "tale");
  EXPECT_TRUE((*model)->supports_opening());
  EXPECT_TRUE((*model)->is_small());
  EXPECT_EQ((*model)->context_tokens(), 500);
  const auto told = run(tell(**model, question("the tower")));
  EXPECT_EQ(told.text, "a b");
  EXPECT_EQ(told.generated.finish_reason, model::FinishReason::length);
  EXPECT_EQ(run(tell(**model, question())).text, "word0 word1 word2");
  EXPECT_EQ(run(tell(**model, question())).error->code, ErrorCode::busy);
}

TEST_F(ScriptFile, WhatIsWrongIsSaid) {
  EXPECT_EQ(ScriptedModel::load("/no/such/script.json").error().code, ErrorCode::not_found);
  for (const auto* text :
       {"{", "[]", "{}", R"({"replies": []})", R"({"replies": [{"chunks": [7]}]})", R"({"replies": "text"})"}) {
    const auto model = load(text);
    ASSERT_FALSE(model) << text;
    EXPECT_EQ(model.error().code, ErrorCode::corrupt);
    EXPECT_TRUE(model.error().message.contains("scripted_test.json"));
  }
}

}  // namespace
}  // namespace gibsey::provider
