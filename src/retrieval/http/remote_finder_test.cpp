#include "retrieval/http/remote_finder.hpp"

#include "base/utf8.hpp"
#include "net/http_handler.hpp"
#include "net/testing/canned_server.hpp"
#include "net/testing/server_thread.hpp"
#include "retrieval/http/hits_json.hpp"
#include "retrieval/testing/run.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <mutex>

namespace gibsey::retrieval {
namespace {

using namespace std::chrono_literals;
using gibsey::testing::run;
using net::testing::CannedServer;
using Clock = std::chrono::steady_clock;

/// Answers GET /retrieve with what it is given.
class PassageService final : public net::HttpHandler {
 public:
  explicit PassageService(net::HttpResponse answer) : answer_(std::move(answer)), server_(*this) {}

  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(server_.port()) + "/retrieve"; }
  void now_answers(net::HttpResponse answer) {
    const std::lock_guard lock(mutex_);
    answer_ = std::move(answer);
  }
  [[nodiscard]] std::vector<std::string> targets() const {
    const std::lock_guard lock(mutex_);
    return targets_;
  }

  net::Admission admit(const net::HttpRequest&) override { return {}; }
  boost::asio::awaitable<void> answer(net::HttpRequest request, net::HttpExchange& exchange) override {
    co_await exchange.send(next(std::move(request.target)));
  }
  net::HttpResponse refusal(const net::HttpRequest&, int status, std::string_view detail) override {
    return {status, {}, std::string(detail)};
  }

 private:
  net::HttpResponse next(std::string target) {
    const std::lock_guard lock(mutex_);
    targets_.push_back(std::move(target));
    return answer_;
  }

  mutable std::mutex mutex_;
  net::HttpResponse answer_;
  std::vector<std::string> targets_;
  net::testing::ServerThread server_;
};

std::unique_ptr<RemoteFinder> finder_at(const std::string& url, net::BreakerSettings breaker = {.failures = 100}) {
  return RemoteFinder::create({.url = url, .service = {.deadline = 30s, .attempts = 1, .backoff = 5ms, .breaker = breaker}},
                              [](const std::string& world) { return world == "sarah"; })
      .value();
}

Result<Retrieved> ask(RemoteFinder& finder, Query query = {.world = "tower", .text = "the tower"}) {
  return run(finder.retrieve(std::move(query)));
}

TEST(RemoteFinder, ReadsOurOwnHits) {
  PassageService service(
      {200,
       {{"X-Gibsey-Above-Threshold", "true"}, {"X-Gibsey-Method", "hybrid"}},
       R"([{"quote":"The tower leans.","world":"tower","page_id":"7","label":"vii","title":"Seven","chapter":"One","start":10,
                               "end":26,"words":3,"page_version":2,"score":0.9,"text_score":3.5,"pair_score":1.5,"vector_score":0.4}])"});
  const auto finder = finder_at(service.url());
  const auto found =
      ask(*finder, {.world = "tower", .text = "Why lean? 50% & é", .k = 3, .character = "todd", .page_id = "4"}).value();
  EXPECT_EQ(service.targets().at(0), "/retrieve?q=Why%20lean%3F%2050%25%20%26%20%C3%A9&k=3&world=tower&character=todd&page=4");
  EXPECT_TRUE(found.above_threshold);
  EXPECT_EQ(found.method, "hybrid");
  EXPECT_GT(found.search_ms, 0);
  ASSERT_EQ(found.hits.size(), 1U);
  const auto& hit = found.hits[0];
  EXPECT_EQ(hit.quote.text, "The tower leans.");
  EXPECT_EQ(hit.quote.world, "tower");
  EXPECT_EQ(hit.quote.page_id, "7");
  EXPECT_EQ(hit.quote.start, 10);
  EXPECT_EQ(hit.quote.end, 26);
  EXPECT_EQ(hit.quote.words, 3);
  EXPECT_EQ(hit.label, "vii");
  EXPECT_EQ(hit.title, "Seven");
  EXPECT_EQ(hit.chapter, "One");
  EXPECT_EQ(hit.page_version, 2);
  EXPECT_EQ(hit.score, 0.9);
  EXPECT_EQ(hit.text_score, 3.5);
  EXPECT_EQ(hit.pair_score, 1.5);
  EXPECT_EQ(hit.vector_score, 0.4);
}

TEST(RemoteFinder, MakesUpWhatAForeignServiceDoesNotTell) {
  PassageService service(
      {200,
       {},
       R"([{"quote":"First line.","page_id":"p1"},{"quote":"Second line.","page_id":12,"score":"high","start":-4,"end":9e99}])"});
  const auto found = ask(*finder_at(service.url())).value();
  EXPECT_TRUE(found.above_threshold);
  EXPECT_EQ(found.method, "vector");
  ASSERT_EQ(found.hits.size(), 2U);
  EXPECT_EQ(found.hits[0].label, "p1");
  EXPECT_EQ(found.hits[0].title, "p1");
  EXPECT_EQ(found.hits[0].quote.world, "tower");
  EXPECT_EQ(found.hits[0].quote.words, 2);
  EXPECT_EQ(found.hits[1].quote.page_id, "12");
  EXPECT_EQ(found.hits[1].quote.start, 0);
  EXPECT_EQ(found.hits[1].quote.end, 0);
  EXPECT_GT(found.hits[0].score, found.hits[1].score);
}

TEST(RemoteFinder, HonoursTheThreshold) {
  PassageService service({200, {{"X-Gibsey-Above-Threshold", "false"}}, R"([{"quote":"First line.","page_id":"p1"}])"});
  const auto finder = finder_at(service.url());
  EXPECT_FALSE(ask(*finder)->above_threshold);
  EXPECT_EQ(ask(*finder)->hits.size(), 1U);
  service.now_answers({200, {{"X-Gibsey-Above-Threshold", "true"}, {"X-Gibsey-Method", "hybrid"}}, "[]"});
  EXPECT_FALSE(ask(*finder)->above_threshold) << "above nothing";
  EXPECT_EQ(ask(*finder)->method, "none");
}

TEST(RemoteFinder, LeavesOutWhatMayNotBeQuoted) {
  std::string long_quote;
  for (int i = 0; i < 40; ++i) long_quote += i == 0 ? "word" : " word";
  const auto just_short_enough = long_quote.substr(5);
  const auto body =
      R"([{"quote":")" + long_quote +
      R"(","page_id":"1"},{"quote":"","page_id":"2"},{"quote":" \n ","page_id":"3"},
      {"quote":"A bad )"
      "\xC3\x28"
      R"( byte.","page_id":"4"},{"quote":"No page."},{"quote":17,"page_id":{}},{"quote":null,"page_id":"5"},"text",7,null,[],
      {"quote":"...","page_id":"6"},{"quote":")" +
      just_short_enough + R"(","page_id":"7"}])";
  PassageService service({200, {}, body});
  const auto found = ask(*finder_at(service.url())).value();
  ASSERT_EQ(found.hits.size(), 1U);
  EXPECT_EQ(found.hits[0].quote.page_id, "7");
  EXPECT_EQ(found.hits[0].quote.words, 39);
}

TEST(RemoteFinder, GivesNoMoreThanAsked) {
  PassageService service(
      {200, {}, R"([{"quote":"One.","page_id":"1"},{"quote":"Two.","page_id":"2"},{"quote":"Three.","page_id":"3"}])"});
  EXPECT_EQ(ask(*finder_at(service.url()), {.world = "tower", .text = "x", .k = 2})->hits.size(), 2U);
}

TEST(RemoteFinder, LeavesOutAnotherVoiceWhereOneIsAskedFor) {
  PassageService service(
      {200,
       {},
       R"([{"quote":"One.","page_id":"1","voice":"todd"},{"quote":"Two.","page_id":"2","voice":"arieol"},{"quote":"Three.","page_id":"3"}])"});
  const auto finder = finder_at(service.url());
  EXPECT_EQ(ask(*finder, {.world = "tower", .text = "x", .character = "todd", .only_character = true})->hits.size(), 2U);
  EXPECT_EQ(ask(*finder, {.world = "tower", .text = "x", .character = "todd"})->hits.size(), 3U);
}

TEST(RemoteFinder, WhatIsNoListIsUnavailable) {
  for (const std::string body : {"", "{}", "null", "\"quote\"", "[{\"quote\":\"cut", "<html></html>", R"({"detail":"no"})"}) {
    PassageService service({200, {}, body});
    const auto error = ask(*finder_at(service.url())).error();
    EXPECT_EQ(error.code, ErrorCode::unavailable) << body;
    EXPECT_TRUE(error.message.starts_with("the passage service at " + service.url())) << error.message;
  }
}

TEST(RemoteFinder, DeepAndHugeAnswersAreEndured) {
  PassageService service({200, {}, std::string(500'000, '[') + std::string(500'000, ']')});
  const auto finder = finder_at(service.url());
  EXPECT_TRUE(ask(*finder)->hits.empty());
  service.now_answers({200, {}, std::string(3'000'000, ' ')});
  EXPECT_NE(ask(*finder).error().message.find("more than"), std::string::npos);
}

TEST(RemoteFinder, StatusesSayWhatIsWrong) {
  PassageService service({404, {}, "{}"});
  const auto finder = finder_at(service.url());
  EXPECT_EQ(ask(*finder).error().code, ErrorCode::not_found);
  for (const int status : {204, 302, 401, 422, 429, 500, 503}) {
    service.now_answers({status, {}, status == 204 ? "" : "[]"});
    EXPECT_EQ(ask(*finder).error().code, ErrorCode::unavailable) << status;
  }
}

TEST(RemoteFinder, RefusesWhatMakesNoSense) {
  PassageService service({200, {}, "[]"});
  const auto finder = finder_at(service.url());
  EXPECT_EQ(ask(*finder, {.world = "tower", .text = ""}).error().code, ErrorCode::invalid_argument);
  for (const int k : {0, 51})
    EXPECT_EQ(ask(*finder, {.world = "tower", .text = "x", .k = k}).error().code, ErrorCode::invalid_argument);
  EXPECT_TRUE(service.targets().empty());
  EXPECT_FALSE(RemoteFinder::create({.url = "memory_rag:8001"}, [](const std::string&) { return false; }));
}

TEST(RemoteFinder, ADeadServiceIsUnavailableAndAnOpenBreakerSaysSoAtOnce) {
  PassageService service({500, {}, ""});
  auto now = Clock::now();
  const auto finder = finder_at(service.url(), {.failures = 2, .open_for = 10s, .now = [&now] { return now; }});
  for (int i = 0; i < 2; ++i) EXPECT_EQ(ask(*finder).error().code, ErrorCode::unavailable);
  service.now_answers({200, {}, "[]"});
  auto fastest = Clock::duration::max();
  for (int i = 0; i < 50; ++i) {
    const auto begun = Clock::now();
    EXPECT_EQ(ask(*finder).error().code, ErrorCode::unavailable);
    fastest = std::min(fastest, Clock::now() - begun);
  }
  EXPECT_LT(fastest, 5ms);
  EXPECT_EQ(service.targets().size(), 2U);
  now += 10s;
  EXPECT_TRUE(ask(*finder));
  EXPECT_TRUE(finder->state().connected);
  EXPECT_EQ(ask(*finder_at(CannedServer({}).address())).error().code, ErrorCode::unavailable);
}

TEST(RemoteFinder, KnowsOnlyWhatItIsTold) {
  const auto finder = finder_at("http://127.0.0.1:1/retrieve");
  EXPECT_TRUE(finder->has_book("tower"));
  EXPECT_FALSE(finder->has_book("sarah"));
  EXPECT_EQ(finder->quotes("tower"), nullptr);
}

TEST(RetrieveAddress, KeepsTheUrlsOwnParametersAndCutsLongTexts) {
  EXPECT_EQ(http::address_of("http://rag/x?key=1", {.world = "", .text = "a", .k = 8}), "http://rag/x?key=1&q=a&k=8");
  std::string text;
  for (int i = 0; i < 3000; ++i) text += "\xE2\x82\xAC";
  const auto address = http::address_of("http://rag/x", {.world = "w", .text = text});
  EXPECT_LT(address.size(), 6'200U);
  EXPECT_TRUE(address.ends_with("%E2%82%AC&k=8&world=w")) << "whole characters";
}

}  // namespace
}  // namespace gibsey::retrieval
