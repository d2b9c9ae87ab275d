#include "server/testing/server_fixture.hpp"

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

namespace gibsey::server {
namespace {

using net::testing::fetch;
using testing::ServerTest;

class Routes : public ServerTest {};

TEST_F(Routes, UnknownPathsAndMethodsAndHead) {
  expect_problem(get("/nowhere"), 404, "nothing");
  expect_problem(get("/characters/"), 404, "char not found");
  expect_problem(get("/pages/1/2"), 404, "nothing");
  const auto wrong = fetch(port(), "DELETE", "/ask");
  expect_problem(wrong, 405, "POST");
  EXPECT_EQ(wrong.header("Allow"), "POST, OPTIONS");
  EXPECT_EQ(fetch(port(), "GET", "/ask").status, 405);
  EXPECT_EQ(fetch(port(), "POST", "/health").header("Allow"), "GET, HEAD, OPTIONS");
  const auto head = fetch(port(), "HEAD", "/health");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.body, "");
  EXPECT_NE(head.header("Content-Length"), "0");
  expect_problem(get("/pages/%ff"), 400, "escape");
  expect_problem(get("/retrieve?q=%zz"), 400, "escape");
}

TEST_F(Routes, ForeignPagesAreRefusedBeforeAnythingElse) {
  const std::string question = R"({"user_id":"u1","text":"x"})";
  expect_problem(post("/ask", question, "Origin: https://evil.example\r\n"), 403, "evil.example");
  expect_problem(post("/ask", "{broken", "Origin: null\r\n"), 403, "null");
  expect_problem(get("/nowhere", "Origin: https://evil.example\r\n"), 403, "evil.example");
  EXPECT_FALSE(get("/health", "Origin: https://evil.example\r\n").header("Access-Control-Allow-Origin"));
  EXPECT_TRUE(turns_.questions().empty());
  net::testing::RawClient rebound(port());
  rebound.send("GET /health HTTP/1.1\r\nHost: evil.example:8002\r\n\r\n");
  expect_problem(rebound.response(), 403, "evil.example");
}

TEST_F(Routes, AllowedOriginsGetCredentialedCors) {
  const auto answer = get("/health", "Origin: https://front.example\r\n");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("Access-Control-Allow-Origin"), "https://front.example");
  EXPECT_EQ(answer.header("Access-Control-Allow-Credentials"), "true");
  EXPECT_EQ(answer.header("Vary"), "Origin");
  // Also on refusals, so that the page can read why.
  EXPECT_EQ(post("/ask", "{", "Origin: https://front.example\r\n").header("Access-Control-Allow-Origin"),
            "https://front.example");
  EXPECT_EQ(get("/nowhere", "Origin: https://front.example\r\n").header("Access-Control-Allow-Origin"), "https://front.example");
  EXPECT_EQ(post("/ask", std::string(70'000, 'x'), "Origin: https://front.example\r\n").header("Access-Control-Allow-Origin"),
            "https://front.example");
  const auto preflight = fetch(
      port(), "OPTIONS", "/ask", {},
      "Origin: https://front.example\r\nAccess-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: content-type\r\n");
  EXPECT_EQ(preflight.status, 204);
  EXPECT_EQ(preflight.header("Access-Control-Allow-Origin"), "https://front.example");
  EXPECT_EQ(preflight.header("Access-Control-Allow-Methods"), "POST, OPTIONS");
  EXPECT_EQ(preflight.header("Access-Control-Allow-Headers"), "content-type");
  EXPECT_EQ(
      fetch(port(), "OPTIONS", "/ask", {}, "Origin: https://evil.example\r\nAccess-Control-Request-Method: POST\r\n").status,
      403);
  EXPECT_EQ(fetch(port(), "OPTIONS", "/nowhere").status, 404);
}

TEST_F(Routes, CharactersAreListedWithTheNarratorLast) {
  const auto list = json(get("/characters"));
  ASSERT_EQ(list.size(), 4U);
  EXPECT_EQ(list[0]["char_id"], "arieol");
  EXPECT_EQ(list[0]["color_hex"], "#5F9EA0");
  EXPECT_EQ(list[0]["tone"], "reflective, mystical");
  EXPECT_EQ(list[1]["tone"], "direct");
  EXPECT_EQ(list[2]["char_id"], "princhetta");
  EXPECT_EQ(list[2]["world_title"], "The Annex");
  EXPECT_EQ(list[3]["char_id"], "");
  EXPECT_EQ(list[3]["display_name"], "The Narrator");
  for (const char* field : {"display_name", "system_prompt", "blurb", "greeting", "aliases", "world"})
    EXPECT_TRUE(list[0].contains(field)) << field;
  EXPECT_EQ(json(get("/characters?world=annex")).size(), 2U);
  expect_problem(get("/characters?world=none"), 404, "none");
}

TEST_F(Routes, ACharacterIsFoundByIdAndAlias) {
  EXPECT_EQ(json(get("/characters/todd"))["display_name"], "Todd Fishbone");
  EXPECT_EQ(json(get("/characters/princhetta-alias"))["char_id"], "princhetta");
  EXPECT_EQ(json(get("/characters/princhetta-alias"))["world"], "annex");
  expect_problem(get("/characters/nobody"), 404, "char not found");
  EXPECT_EQ(json(get("/characters/nobody"))["detail"], "char not found");
}

TEST_F(Routes, PagesKnowTheirNeighbours) {
  const auto page = json(get("/pages/7"));
  EXPECT_EQ(page["id"], "7");
  EXPECT_EQ(page["world"], "tower");
  EXPECT_EQ(page["version"], 1);
  EXPECT_EQ(page["voice"], "arieol");
  EXPECT_TRUE(page["text"].get<std::string>().starts_with("Arieol climbed"));
  EXPECT_EQ(page["next"], "8");
  EXPECT_EQ(page["previous"], "6");
  EXPECT_TRUE(json(get("/pages/1"))["previous"].is_null());
  EXPECT_EQ(json(get("/pages/10"))["previous"], "9");
  EXPECT_EQ(json(get("/pages/12"))["next"], "epilogue");
  const auto last = json(get("/pages/epilogue"));
  EXPECT_EQ(last["previous"], "12");
  EXPECT_TRUE(last["next"].is_null());
}

TEST_F(Routes, ANumberIsTheSamePageHoweverManyZerosItHas) {
  EXPECT_EQ(json(get("/pages/007"))["id"], "7");
  EXPECT_EQ(json(get("/pages/2?world=annex"))["id"], "002");
  EXPECT_EQ(json(get("/pages/0002?world=annex"))["id"], "002");
  EXPECT_EQ(json(get("/pages/2?world=annex"))["previous"], "001");
  EXPECT_EQ(json(get("/pages/2?world=annex"))["next"], "003");
  for (const char* missing : {"/pages/13", "/pages/0", "/pages/-7", "/pages/7x", "/pages/1?world=none",
                              "/pages/99999999999999999999", "/pages/7?version=2"}) {
    EXPECT_EQ(get(missing).status, 404) << missing;
  }
  expect_problem(get("/pages/7?version=x"), 422, "version", "version");
  EXPECT_EQ(get("/pages/7?version=1").status, 200);
}

TEST_F(Routes, PagesAreListedInParts) {
  const auto first = json(get("/pages?limit=5"));
  ASSERT_EQ(first["pages"].size(), 5U);
  EXPECT_EQ(first["next"], "5");
  const auto rest = json(get("/pages?after=005&limit=100"));
  ASSERT_EQ(rest["pages"].size(), 8U);
  EXPECT_EQ(rest["pages"][0]["id"], "6");
  EXPECT_TRUE(rest["next"].is_null());
  EXPECT_EQ(json(get("/pages?world=annex"))["pages"].size(), 3U);
  expect_problem(get("/pages?limit=0"), 422, "1 to 500", "limit");
  expect_problem(get("/pages?after=none"), 404, "none");
}

TEST_F(Routes, RetrieveGivesVerbatimQuotes) {
  const auto answer = get("/retrieve?q=why+did+Arieol+climb+the+tower&k=3");
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.header("X-Gibsey-Above-Threshold") == "true" || answer.header("X-Gibsey-Above-Threshold") == "false");
  const auto hits = json(answer);
  ASSERT_FALSE(hits.empty());
  EXPECT_LE(hits.size(), 3U);
  EXPECT_EQ(hits[0]["page_id"], "7");
  // The sample text is ASCII: offsets count bytes too.
  const auto text = json(get("/pages/7"))["text"].get<std::string>();
  const auto start = hits[0]["start"].get<std::size_t>();
  EXPECT_EQ(text.substr(start, hits[0]["end"].get<std::size_t>() - start), hits[0]["quote"].get<std::string>());
  for (const char* field : {"label", "title", "chapter", "score", "world"}) EXPECT_TRUE(hits[0].contains(field)) << field;
  EXPECT_EQ(json(get("/retrieve?q=ledger+glass&world=annex"))[0]["world"], "annex");
  expect_problem(get("/retrieve"), 422, "q", "q");
  expect_problem(get("/retrieve?q="), 422, "empty", "q");
  expect_problem(get("/retrieve?q=x&k=51"), 422, "1 to 50", "k");
  expect_problem(get("/retrieve?q=x&k=two"), 422, "1 to 50", "k");
  expect_problem(get("/retrieve?q=x&world=none"), 404, "none");
}

TEST_F(Routes, CreditsAreGrantedAndTold) {
  const auto fresh = json(get("/ledger/u9"));
  EXPECT_EQ(fresh["balance"], 0);
  EXPECT_EQ(fresh["known"], false);
  EXPECT_EQ(fresh["opening_grant"], 100);
  const auto granted = json(post("/credit", R"({"user_id":"u9","amount":25})"));
  EXPECT_EQ(granted["balance"], 25);
  EXPECT_TRUE(granted["entry_id"].is_string());
  expect_problem(post("/credit", R"({"user_id":"u9","amount":5,"ref":"turn-1"})"), 404, "turn-1");
  const auto taken = json(post("/debit", R"({"user_id":"u9","cost":5})", "Idempotency-Key: turn-1\r\n"));
  EXPECT_EQ(taken["balance"], 20);
  for (int i = 0; i < 2; ++i)
    EXPECT_EQ(json(post("/credit", R"({"user_id":"u9","amount":5,"ref":"turn-1"})"))["balance"], 25) << "given back once";
  const auto told = json(get("/ledger/u9"));
  EXPECT_EQ(told["balance"], 25);
  ASSERT_EQ(told["entries"].size(), 3U);
  EXPECT_EQ(told["entries"][0]["amount"], 5);
  EXPECT_EQ(told["entries"][0]["ref"], "turn-1");
  EXPECT_EQ(json(get("/ledger/u9?limit=1"))["entries"].size(), 1U);
  expect_problem(post("/credit", R"({"user_id":"u9","amount":0})"), 422, "whole number", "amount");
  expect_problem(post("/credit", R"({"user_id":"u9","amount":2.5})"), 422, "whole number", "amount");
  expect_problem(post("/credit", R"({"user_id":"u9"})"), 422, "missing", "amount");
  EXPECT_EQ(json(get("/ledger/u9"))["balance"], 25);
}

TEST_F(Routes, HealthTellsTheState) {
  const auto body = json(get("/health"));
  EXPECT_EQ(body["status"], "healthy");
  EXPECT_EQ(body["service"], "gibsey");
  EXPECT_EQ(body["version"], "9.9.9");
  EXPECT_EQ(body["worlds"][0]["pages"], 13);
  EXPECT_EQ(body["model"]["provider"], "scripted");
  EXPECT_EQ(body["queue"]["running"], 0);
  EXPECT_EQ(get("/live").status, 200);
  EXPECT_EQ(get("/ready").status, 200);
  health_.ready = false;
  health_.problems = {"the model file is gone"};
  expect_problem(get("/ready"), 503, "again");
  EXPECT_EQ(json(get("/health"))["status"], "degraded");
}

TEST_F(Routes, MetricsCountRequestsAndTurns) {
  get("/health");
  get("/pages/7");
  get("/pages/8");
  get("/secret/path");
  metrics_.count("turns", "complete", 1);
  metrics_.count("tokens", "scripted", 12);
  metrics_.count("false_quotes", "", 2);
  metrics_.count("something_new", "x", 1);
  metrics_.phase("retrieve", 0.004);
  const auto answer = get("/metrics");
  EXPECT_EQ(answer.header("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  for (const char* line :
       {"gibsey_http_requests_total{route=\"/pages/{id}\",status=\"200\"} 2",
        "gibsey_http_requests_total{route=\"refused\",status=\"404\"} 1", "gibsey_turns_total{outcome=\"complete\"} 1",
        "gibsey_tokens_total{provider=\"scripted\"} 12", "gibsey_false_quotes_total 2",
        "gibsey_something_new_total{label=\"x\"} 1", "gibsey_turn_phase_seconds_bucket{phase=\"retrieve\",le=\"0.005\"} 1",
        "gibsey_turn_phase_seconds_bucket{phase=\"retrieve\",le=\"0.0025\"} 0"}) {
    EXPECT_NE(answer.body.find(line), std::string::npos) << line << "\n" << answer.body;
  }
  EXPECT_EQ(answer.body.find("secret"), std::string::npos);
}

/// What the metrics tell at the moment an answer is sent.
class MetricsAtSend : public net::HttpExchange {
 public:
  explicit MetricsAtSend(const Metrics& metrics) : metrics_(metrics) {}
  [[nodiscard]] const std::string& told() const { return told_; }

  void add_header(std::string /*name*/, std::string /*value*/) override {}
  Written send(net::HttpResponse response) override {
    status_ = response.status;
    told_ = metrics_.text();
    co_return Result<void>();
  }
  Written begin_stream(int /*status*/, net::HttpHeaders /*headers*/) override { return no_stream(); }
  Written write(std::string_view /*bytes*/) override { return no_stream(); }
  Written end_stream() override { return no_stream(); }
  void on_client_left(std::function<void()> /*callback*/) override {}
  boost::asio::awaitable<Result<std::unique_ptr<net::WebSocketSession>>> accept_websocket(
      const net::HttpRequest& /*request*/, net::WebSocketSettings /*settings*/) override {
    co_return fail(ErrorCode::invalid_argument, "no socket here");
  }
  [[nodiscard]] int status() const override { return status_; }

 private:
  static Written no_stream() { co_return fail(ErrorCode::invalid_argument, "no stream here"); }

  const Metrics& metrics_;
  std::string told_;
  int status_ = 0;
};

TEST_F(Routes, WhoeverHoldsAnAnswerFindsItCounted) {
  MetricsAtSend exchange(metrics_);
  net::HttpRequest request;
  request.method = "GET";
  request.target = "/pages/7";
  boost::asio::io_context context;
  boost::asio::co_spawn(context, handler_->answer(std::move(request), exchange), boost::asio::detached);
  context.run();
  EXPECT_EQ(exchange.status(), 200);
  EXPECT_NE(exchange.told().find("gibsey_http_requests_total{route=\"/pages/{id}\",status=\"200\"} 1"), std::string::npos)
      << exchange.told();
}

TEST_F(Routes, ThePageIsServedWithItsCacheFields) {
  const auto page = get("/");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.header("Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(page.header("Cache-Control"), "no-cache");
  EXPECT_EQ(page.header("Content-Security-Policy"), "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:");
  EXPECT_EQ(page.header("X-Content-Type-Options"), "nosniff");
  const auto etag = page.header("ETag");
  ASSERT_TRUE(etag);
  const auto again = get("/", "If-None-Match: " + *etag + "\r\n");
  EXPECT_EQ(again.status, 304);
  EXPECT_EQ(again.body, "");
  const auto script = get("/assets/index-1a2b3c.js");
  EXPECT_EQ(script.body, "console.log(1)");
  EXPECT_EQ(script.header("Content-Type"), "text/javascript; charset=utf-8");
  EXPECT_EQ(script.header("Cache-Control"), "public, max-age=31536000, immutable");
}

TEST_F(Routes, NoPathLeadsOutOfThePagesFolder) {
  for (const char* path :
       {"/assets/../../etc/passwd", "/assets/%2e%2e/%2e%2e/etc/passwd", "/assets/..%2f..%2fetc%2fpasswd", "/assets/", "/.secret",
        "/assets//etc/passwd", "/assets/%2fetc%2fpasswd", "/assets/%00", "/assets/../.secret", "/../.secret"}) {
    EXPECT_EQ(get(path).status, 404) << path;
  }
}

TEST(StaticFiles, WithoutAFolderThePageTellsHowToBuildIt) {
  const StaticFiles files("/nonexistent/web/dist");
  EXPECT_FALSE(files.built());
  const auto page = files.find("/", {});
  EXPECT_EQ(page.status, 200);
  EXPECT_NE(page.body.find("make run"), std::string::npos);
  EXPECT_EQ(files.find("/assets/x.js", {}).status, 404);
}

}  // namespace
}  // namespace gibsey::server
