#include "chat/remote_recall.hpp"

#include "net/http_handler.hpp"
#include "net/testing/canned_server.hpp"
#include "net/testing/server_thread.hpp"
#include "retrieval/testing/run.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <mutex>

namespace gibsey::chat {
namespace {

using namespace std::chrono_literals;
using gibsey::testing::run;
using net::testing::CannedServer;
using nlohmann::json;
using Clock = std::chrono::steady_clock;

class MemoryService final : public net::HttpHandler {
 public:
  explicit MemoryService(std::string body, int status = 200) : answer_{status, {}, std::move(body)}, server_(*this) {}

  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(server_.port()); }
  void now_answers(std::string body, int status = 200) {
    const std::lock_guard lock(mutex_);
    answer_ = {status, {}, std::move(body)};
  }
  [[nodiscard]] std::vector<net::HttpRequest> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

  net::Admission admit(const net::HttpRequest&) override { return {64 * 1024, std::nullopt}; }
  boost::asio::awaitable<void> answer(net::HttpRequest request, net::HttpExchange& exchange) override {
    co_await exchange.send(next(std::move(request)));
  }
  net::HttpResponse refusal(const net::HttpRequest&, int status, std::string_view detail) override {
    return {status, {}, std::string(detail)};
  }

 private:
  net::HttpResponse next(net::HttpRequest request) {
    const std::lock_guard lock(mutex_);
    requests_.push_back(std::move(request));
    return answer_;
  }

  mutable std::mutex mutex_;
  net::HttpResponse answer_;
  std::vector<net::HttpRequest> requests_;
  net::testing::ServerThread server_;
};

std::unique_ptr<RemoteRecall> recall_at(const std::string& url, net::BreakerSettings breaker = {.failures = 100}) {
  return RemoteRecall::create({.url = url, .service = {.deadline = 30s, .breaker = breaker}}).value();
}

Result<Recalled> ask(RemoteRecall& recall) {
  return run(recall.retrieve_context({.user_id = "u1", .character_id = "sarah", .message = "Hello \"there\""}));
}

TEST(RemoteRecall, AsksAsSeed001Does) {
  MemoryService service(
      R"({"context":"You know the reader.","relevant_facts":[{"key":"colour","value":"green"}],"conversation_snippets":["We met."]})");
  const auto recall = recall_at(service.url() + "/");
  const auto recalled = ask(*recall).value();
  EXPECT_EQ(recalled.context, "You know the reader.");
  EXPECT_EQ(recalled.facts, std::vector<std::string>{"colour: green"});
  EXPECT_EQ(recalled.snippets, std::vector<std::string>{"We met."});
  ASSERT_EQ(service.requests().size(), 1U);
  const auto request = service.requests()[0];
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/retrieve-context");
  EXPECT_EQ(json::parse(request.body), json({{"message", "Hello \"there\""},
                                             {"user_id", "u1"},
                                             {"character_id", "sarah"},
                                             {"max_facts", 10},
                                             {"max_snippets", 5}}));
}

TEST(RemoteRecall, ReadsOurOwnFactsAndMakesTheContextWhereThereIsNone) {
  MemoryService service(
      R"({"relevant_facts":[{"fact":"Likes owls."},"Is tall.",{"x":1},7,null],"conversation_snippets":[{"text":"We met."},[]]})");
  const auto recalled = ask(*recall_at(service.url())).value();
  EXPECT_EQ(recalled.facts, (std::vector<std::string>{"Likes owls.", "Is tall."}));
  EXPECT_EQ(recalled.snippets, std::vector<std::string>{"We met."});
  EXPECT_EQ(recalled.context, recall_text(recalled.facts, recalled.snippets));
  EXPECT_NE(recalled.context.find("Likes owls."), std::string::npos);
}

TEST(RemoteRecall, AnEmptyMemoryIsNoError) {
  MemoryService service(R"({"context":"","relevant_facts":[],"conversation_snippets":[]})");
  const auto recall = recall_at(service.url());
  EXPECT_EQ(ask(*recall)->context, "");
  service.now_answers("{}");
  EXPECT_EQ(ask(*recall)->context, "");
  service.now_answers(R"({"context":7,"relevant_facts":{},"conversation_snippets":"x"})");
  EXPECT_EQ(ask(*recall)->context, "");
}

TEST(RemoteRecall, GivesNoMoreThanAsked) {
  MemoryService service(R"({"relevant_facts":["a","b","c"],"conversation_snippets":["d","e"]})");
  const auto recall = recall_at(service.url());
  const auto recalled =
      run(recall->retrieve_context({.user_id = "u1", .character_id = "c", .message = "m", .max_facts = 2, .max_snippets = 0}))
          .value();
  EXPECT_EQ(recalled.facts.size(), 2U);
  EXPECT_TRUE(recalled.snippets.empty());
  EXPECT_EQ(json::parse(service.requests()[0].body).at("max_snippets"), 1) << "the service refuses 0";
}

TEST(RemoteRecall, WhatCannotBeUnderstoodIsUnavailable) {
  MemoryService service("");
  const auto recall = recall_at(service.url());
  for (const auto* body : {"", "[]", "null", "<html>", "{\"context\":"}) {
    service.now_answers(body);
    EXPECT_EQ(ask(*recall).error().code, ErrorCode::unavailable) << body;
  }
  for (const int status : {301, 401, 404, 422, 500}) {
    service.now_answers("{}", status);
    EXPECT_EQ(ask(*recall).error().code, ErrorCode::unavailable) << status;
  }
}

TEST(RemoteRecall, ADeadServiceIsUnavailableAndAnOpenBreakerSaysSoAtOnce) {
  EXPECT_EQ(ask(*recall_at(CannedServer({}).address())).error().code, ErrorCode::unavailable);
  MemoryService service("", 503);
  auto now = Clock::now();
  const auto recall = recall_at(service.url(), {.failures = 2, .open_for = 10s, .now = [&now] { return now; }});
  for (int i = 0; i < 2; ++i) EXPECT_EQ(ask(*recall).error().code, ErrorCode::unavailable);
  EXPECT_EQ(service.requests().size(), 2U) << "what is no GET is not repeated";
  service.now_answers("{}");
  auto fastest = Clock::duration::max();
  for (int i = 0; i < 50; ++i) {
    const auto begun = Clock::now();
    EXPECT_EQ(ask(*recall).error().code, ErrorCode::unavailable);
    fastest = std::min(fastest, Clock::now() - begun);
  }
  EXPECT_LT(fastest, 5ms);
  now += 10s;
  EXPECT_TRUE(ask(*recall));
  EXPECT_TRUE(recall->state().connected);
}

TEST(RemoteRecall, RemembersNothingItself) {
  MemoryService service("{}");
  const auto recall = recall_at(service.url());
  const model::Turn turn{.id = "t1", .question = "q", .reply = "r"};
  EXPECT_TRUE(run(recall->remember(turn)));
  EXPECT_TRUE(service.requests().empty());
  EXPECT_FALSE(RemoteRecall::create({.url = "memory_subsystem:8000"}));
}

}  // namespace
}  // namespace gibsey::chat
