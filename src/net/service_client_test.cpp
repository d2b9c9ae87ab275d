#include "net/service_client.hpp"

#include "net/testing/canned_server.hpp"
#include "net/testing/server_thread.hpp"

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <atomic>
#include <future>
#include <mutex>
#include <thread>

namespace gibsey::net {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using testing::CannedServer;
using testing::ServerThread;
using Clock = std::chrono::steady_clock;

/// What the service does with the next requests, one after another; the last is repeated.
struct Behaviour {
  int status = 200;
  std::string body = "fine";
  HttpHeaders headers;
  bool hangs = false;   ///< until the service is let go
  bool breaks = false;  ///< the answer breaks off in its middle
};

class ScriptedService final : public HttpHandler {
 public:
  explicit ScriptedService(std::vector<Behaviour> behaviours) : behaviours_(std::move(behaviours)) {}

  Admission admit(const HttpRequest&) override { return {1024 * 1024, std::nullopt}; }
  asio::awaitable<void> answer(HttpRequest request, HttpExchange& exchange) override {
    const auto behaviour = next(std::move(request));
    asio::steady_timer timer(co_await asio::this_coro::executor);
    while (behaviour.hangs && !let_go_) {
      timer.expires_after(5ms);
      boost::system::error_code ignored;
      co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    if (behaviour.breaks) {
      co_await exchange.begin_stream(behaviour.status, {});
      co_await exchange.write("half of it");
      throw std::runtime_error("breaks off");
    }
    co_await exchange.send({behaviour.status, behaviour.headers, behaviour.body});
  }
  HttpResponse refusal(const HttpRequest&, int status, std::string_view detail) override {
    return {status, {}, std::string(detail)};
  }

  void let_go() { let_go_ = true; }
  [[nodiscard]] std::vector<HttpRequest> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  Behaviour next(HttpRequest request) {
    const std::lock_guard lock(mutex_);
    requests_.push_back(std::move(request));
    return behaviours_[std::min(requests_.size(), behaviours_.size()) - 1];
  }

  const std::vector<Behaviour> behaviours_;
  mutable std::mutex mutex_;
  std::vector<HttpRequest> requests_;
  std::atomic<bool> let_go_ = false;
};

struct Timed {
  ServiceResult result;
  std::chrono::duration<double, std::milli> time;
};

Timed ask(ServiceClient& client, ServiceCall call, Deadline deadline = Deadline::never()) {
  asio::io_context io;
  const auto begun = Clock::now();
  auto answer = asio::co_spawn(io, client.call(std::move(call), deadline), asio::use_future);
  while (answer.wait_for(0s) != std::future_status::ready) io.run_one();
  return {answer.get(), Clock::now() - begun};
}

ServiceSettings settings_for(const std::string& address) {
  return {.name = "the ledger", .address = address, .deadline = 30s, .backoff = 5ms, .breaker = {.failures = 100}};
}

std::string address_of(const ServerThread& server) {
  return "http://127.0.0.1:" + std::to_string(server.port());
}

std::string dead_address() {
  return CannedServer({}).address();
}

TEST(ServiceClient, GivesAnyAnswerBelow500) {
  for (const int status : {200, 201, 302, 402, 404}) {
    ScriptedService service({{.status = status, .body = "text", .headers = {{"X-Kind", "own"}}}});
    const ServerThread server(service);
    ServiceClient client(settings_for(address_of(server)));
    const auto answer = ask(client, {.url = address_of(server) + "/path?q=1"}).result;
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->status, status);
    EXPECT_EQ(answer->body, "text");
    EXPECT_EQ(answer->headers.find("X-Kind"), "own");
    ASSERT_EQ(service.requests().size(), 1U);
    EXPECT_EQ(service.requests()[0].target, "/path?q=1");
    EXPECT_TRUE(client.state().connected);
    EXPECT_GT(client.state().latency_ms, 0);
  }
}

TEST(ServiceClient, SendsItsOwnHeadersAndTheCalls) {
  ScriptedService service({{}});
  const ServerThread server(service);
  auto settings = settings_for(address_of(server));
  settings.headers = {{"Authorization", "Bearer token-of-ours"}};
  ServiceClient client(settings);
  ask(client,
      {.method = "POST", .url = address_of(server) + "/debit", .headers = {{"Content-Type", "application/json"}}, .body = "{}"});
  ASSERT_EQ(service.requests().size(), 1U);
  const auto request = service.requests()[0];
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.headers.find("Authorization"), "Bearer token-of-ours");
  EXPECT_EQ(request.headers.find("Content-Type"), "application/json");
  EXPECT_EQ(request.body, "{}");
}

TEST(ServiceClient, ADeadPortIsUnavailableAndWasNeverAsked) {
  const auto address = dead_address();
  auto settings = settings_for(address);
  settings.headers = {{"Authorization", "Bearer secret"}};
  ServiceClient client(settings);
  const auto failure = ask(client, {.url = address + "/x?text=the+readers+own"}).result.error();
  EXPECT_EQ(failure.code, ErrorCode::unavailable);
  EXPECT_FALSE(failure.sent);
  EXPECT_TRUE(failure.message.starts_with("the ledger at " + address + " does not answer")) << failure.message;
  EXPECT_EQ(failure.message.find("secret"), std::string::npos);
  EXPECT_EQ(failure.message.find("readers"), std::string::npos);
  EXPECT_FALSE(client.state().connected);
  EXPECT_TRUE(client.state().tried);
  EXPECT_EQ(client.state().detail, failure.message);
}

TEST(ServiceClient, ANameThatDoesNotExistWasNeverAsked) {
  auto settings = settings_for("http://ledger.invalid:9000");
  settings.deadline = 1s;
  ServiceClient client(settings);
  const auto [result, time] = ask(client, {.url = "http://ledger.invalid:9000/debit"});
  EXPECT_EQ(result.error().code, ErrorCode::unavailable);
  EXPECT_LT(time, 4s) << "a lookup that takes long does not hold the caller";
}

TEST(ServiceClient, ASlowServiceIsGivenUpAtTheDeadline) {
  ScriptedService service({{.hangs = true}});
  const ServerThread server(service);
  auto settings = settings_for(address_of(server));
  settings.deadline = 300ms;
  ServiceClient client(settings);
  const auto [result, time] = ask(client, {.url = address_of(server)});
  service.let_go();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::unavailable);
  EXPECT_TRUE(result.error().sent) << "it may be at it";
  EXPECT_GE(time, 299ms);
  EXPECT_LT(time, 10s);
}

TEST(ServiceClient, TheCallersDeadlineCountsToo) {
  ScriptedService service({{.hangs = true}});
  const ServerThread server(service);
  ServiceClient client(settings_for(address_of(server)));
  const auto [result, time] = ask(client, {.url = address_of(server)}, Deadline::after(50ms));
  service.let_go();
  EXPECT_FALSE(result);
  EXPECT_LT(time, 10s);
}

TEST(ServiceClient, ABodyThatDripsIsGivenUpAtTheDeadline) {
  std::vector<CannedServer::Piece> pieces{{"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"}};
  for (int i = 0; i < 100; ++i) pieces.push_back({"x", 200ms});
  const CannedServer dripping(pieces);
  auto settings = settings_for(dripping.address());
  settings.deadline = 150ms;
  settings.attempts = 1;
  ServiceClient client(settings);
  const auto [result, time] = ask(client, {.url = dripping.address()});
  EXPECT_EQ(result.error().code, ErrorCode::unavailable);
  EXPECT_LT(time, 10s);
}

TEST(ServiceClient, RepeatsWhereThatIsSafe) {
  struct Case {
    ServiceCall call;
    std::size_t requests;
  };
  for (const auto& [call, requests] :
       std::vector<Case>{{{.method = "GET"}, 2},
                         {{.method = "POST", .headers = {{"Idempotency-Key", "k"}}, .body = "{}"}, 2},
                         {{.method = "POST", .body = "{}"}, 1},
                         {{.method = "PUT", .body = "{}"}, 1}}) {
    for (const auto& trouble :
         {Behaviour{.status = 500}, Behaviour{.status = 503}, Behaviour{.status = 429}, Behaviour{.breaks = true}}) {
      ScriptedService service({trouble, {}});
      const ServerThread server(service);
      ServiceClient client(settings_for(address_of(server)));
      auto asked = call;
      asked.url = address_of(server);
      const auto result = ask(client, asked).result;
      EXPECT_EQ(service.requests().size(), requests) << call.method << " " << trouble.status;
      EXPECT_EQ(result && result->status == 200, requests == 2) << call.method << " " << trouble.status;
    }
  }
}

TEST(ServiceClient, GivesUpAfterItsAttempts) {
  ScriptedService service({{.status = 500, .body = "inner secrets"}});
  const ServerThread server(service);
  auto settings = settings_for(address_of(server));
  settings.attempts = 3;
  ServiceClient client(settings);
  const auto failure = ask(client, {.url = address_of(server)}).result.error();
  EXPECT_EQ(service.requests().size(), 3U);
  EXPECT_TRUE(failure.sent);
  EXPECT_NE(failure.message.find("status 500"), std::string::npos) << failure.message;
  EXPECT_EQ(failure.message.find("inner secrets"), std::string::npos);
}

TEST(ServiceClient, A429ThatStaysIsAnAnswer) {
  ScriptedService service({{.status = 429, .body = "later"}});
  const ServerThread server(service);
  ServiceClient client(settings_for(address_of(server)));
  const auto result = ask(client, {.url = address_of(server)}).result;
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, 429);
  EXPECT_EQ(service.requests().size(), 2U);
}

TEST(ServiceClient, ObeysRetryAfterWithinTheDeadline) {
  ScriptedService service({{.status = 503, .headers = {{"Retry-After", "1"}}}, {}});
  const ServerThread server(service);
  ServiceClient client(settings_for(address_of(server)));
  const auto [result, time] = ask(client, {.url = address_of(server)});
  EXPECT_TRUE(result);
  EXPECT_GE(time, 999ms);
}

TEST(ServiceClient, DoesNotWaitForARetryAfterBeyondTheDeadline) {
  ScriptedService service({{.status = 503, .headers = {{"Retry-After", "60"}}}, {}});
  const ServerThread server(service);
  ServiceClient client(settings_for(address_of(server)));
  const auto [result, time] = ask(client, {.url = address_of(server)});
  EXPECT_FALSE(result);
  EXPECT_LT(time, 10s);
  EXPECT_EQ(service.requests().size(), 1U);
}

TEST(ServiceClient, AnOversizedBodyIsAFailureThatIsNotRepeated) {
  ScriptedService service({{.body = std::string(1'500'000, 'x')}});
  const ServerThread server(service);
  ServiceClient client(settings_for(address_of(server)));
  const auto failure = ask(client, {.url = address_of(server)}).result.error();
  EXPECT_NE(failure.message.find("more than 1048576 bytes"), std::string::npos) << failure.message;
  EXPECT_TRUE(failure.sent);
  EXPECT_EQ(service.requests().size(), 1U);
}

TEST(ServiceClient, WhatIsNoHttpIsAFailure) {
  const CannedServer server({{"SSH-2.0-OpenSSH_9.2\r\n\r\n"}});
  ServiceClient client(settings_for(server.address()));
  EXPECT_TRUE(ask(client, {.url = server.address()}).result.error().sent);
}

TEST(ServiceClient, AnOpenBreakerAnswersAtOnceAndRecovers) {
  ScriptedService service({{.status = 500}, {.status = 500}, {}});
  const ServerThread server(service);
  auto settings = settings_for(address_of(server));
  settings.attempts = 1;
  auto now = Clock::now();
  settings.breaker = {.failures = 2, .open_for = 9'500ms, .now = [&now] { return now; }};
  ServiceClient client(settings);
  for (int i = 0; i < 2; ++i) EXPECT_FALSE(ask(client, {.url = address_of(server)}).result);
  EXPECT_EQ(client.state().breaker, CircuitBreaker::State::open);
  double fastest = 1e9;
  for (int i = 0; i < 50; ++i) {
    const auto [result, time] = ask(client, {.url = address_of(server)});
    ASSERT_FALSE(result);
    EXPECT_FALSE(result.error().sent);
    EXPECT_NE(result.error().message.find("tried again in 10 s"), std::string::npos) << result.error().message;
    EXPECT_EQ(client.refusal()->message, result.error().message);
    fastest = std::min(fastest, time.count());
  }
  EXPECT_LT(fastest, 5.0) << "ms";
  EXPECT_EQ(service.requests().size(), 2U) << "nobody was asked meanwhile";
  now += 9'500ms;
  EXPECT_FALSE(client.refusal());
  EXPECT_TRUE(ask(client, {.url = address_of(server)}).result);
  EXPECT_EQ(client.state().breaker, CircuitBreaker::State::closed);
  EXPECT_TRUE(client.state().connected);
}

TEST(ServiceClient, ABreakerThatOpensBetweenAttemptsEndsTheCall) {
  ScriptedService service({{.status = 500}});
  const ServerThread server(service);
  auto settings = settings_for(address_of(server));
  settings.attempts = 5;
  settings.breaker = {.failures = 2, .open_for = 10s};
  ServiceClient client(settings);
  const auto failure = ask(client, {.url = address_of(server)}).result.error();
  EXPECT_EQ(service.requests().size(), 2U);
  EXPECT_NE(failure.message.find("status 500"), std::string::npos) << "the true cause is told";
}

TEST(ServiceClient, ManyCallsAtOnceFromManyThreads) {
  ScriptedService service({{}});
  const ServerThread server(service);
  ServiceClient client(settings_for(address_of(server)));
  std::atomic<int> answered = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 10; ++n) {
        if (ask(client, {.url = address_of(server)}).result) ++answered;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(answered, 40);
}

TEST(ServiceAddress, IsShownWithoutWhatIsSecret) {
  EXPECT_EQ(shown_address("http://ledger:9000/debit"), "http://ledger:9000/debit");
  EXPECT_EQ(shown_address("http://ledger:9000/debit?key=secret#x"), "http://ledger:9000/debit");
  for (const auto* address : {"http://name:secret@ledger/debit", "https://name:sec/ret@ledger/debit",
                              "http://name:sec?ret@ledger/debit", "name:secret@ledger/debit"}) {
    EXPECT_EQ(shown_address(address).find("sec"), std::string::npos) << shown_address(address);
    const auto checked = check_service_address("LEDGER_URL", address);
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(checked.error().message.find("sec"), std::string::npos) << checked.error().message;
    EXPECT_TRUE(checked.error().message.starts_with("LEDGER_URL: ")) << checked.error().message;
  }
  EXPECT_TRUE(check_service_address("LEDGER_URL", "http://ledger:9000/debit"));
  EXPECT_FALSE(check_service_address("LEDGER_URL", "ledger:9000"));
}

TEST(PercentEncoded, LeavesNothingThatMeansSomethingElsewhere) {
  EXPECT_EQ(percent_encoded("a-Z_0.~"), "a-Z_0.~");
  EXPECT_EQ(percent_encoded("A b/c?d&e=f#g%h+i"), "A%20b%2Fc%3Fd%26e%3Df%23g%25h%2Bi");
  EXPECT_EQ(percent_encoded("\xC3\xA9\r\n"), "%C3%A9%0D%0A");
}

}  // namespace
}  // namespace gibsey::net
