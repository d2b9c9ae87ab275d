#include "net/http_server.hpp"

#include "net/testing/raw_client.hpp"
#include "net/testing/server_thread.hpp"
#include "net/testing/shared_data.hpp"

#include <gtest/gtest.h>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <atomic>
#include <future>

namespace gibsey::net {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using namespace std::chrono_literals;
using testing::fetch;
using testing::RawClient;
using testing::ServerThread;

/// Answers by the path of the request.
class EchoHandler : public HttpHandler {
 public:
  Admission admit(const HttpRequest& head) override {
    if (head.path() == "/forbidden") return {0, HttpResponse{403, {}, "no"}};
    return {1024, std::nullopt};
  }
  asio::awaitable<void> answer(HttpRequest request, HttpExchange& exchange) override {
    ++answered;
    exchange.add_header("X-Extra", "yes");
    const auto path = std::string(request.path());
    if (path == "/throw") throw std::runtime_error("a bug");
    if (path == "/nothing") co_return;
    if (path == "/slow") co_await pause(300ms);
    if (path == "/flood") {
      co_await flood(exchange);
    } else if (path == "/stream" || path == "/half") {
      co_await exchange.begin_stream(200, {{"Content-Type", "text/plain"}});
      for (const char* part : {"one ", "two ", "three"}) co_await exchange.write(part);
      if (path == "/half") throw std::runtime_error("broke");
      co_await exchange.end_stream();
    } else if (path == "/watch") {
      co_await watch(exchange);
    } else {
      auto text = request.method + " " + request.target + " " + request.body;
      if (path == "/big") text = std::string(1'000'000, 'b');
      co_await exchange.send({200, {{"Content-Type", "text/plain"}}, text});
    }
  }
  HttpResponse refusal(const HttpRequest&, int status, std::string_view detail) override {
    return {status, {{"Content-Type", "text/plain"}}, std::string(detail)};
  }

  static asio::awaitable<void> pause(std::chrono::milliseconds time) {
    asio::steady_timer timer(co_await asio::this_coro::executor, time);
    co_await timer.async_wait(asio::use_awaitable);
  }
  asio::awaitable<void> flood(HttpExchange& exchange) {
    const std::string part(64 * 1024, 'f');
    auto written = co_await exchange.begin_stream(200, {});
    while (written) {
      written = co_await exchange.write(part);
      ++flood_parts;
    }
    flood_end.set_value(written.error().code);
  }
  asio::awaitable<void> watch(HttpExchange& exchange) {
    co_await exchange.begin_stream(200, {});
    co_await exchange.write("watching");
    auto timer = std::make_shared<asio::steady_timer>(co_await asio::this_coro::executor, 10s);
    exchange.on_client_left([timer, this] {
      left.set_value();
      timer->cancel();
    });
    boost::system::error_code ignored;
    co_await timer->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    co_await exchange.end_stream();
  }

  std::atomic<int> answered = 0;
  std::atomic<int> flood_parts = 0;
  std::promise<ErrorCode> flood_end;
  std::promise<void> left;
};

TEST(HttpServer, AnswersAndKeepsTheConnection) {
  EchoHandler handler;
  ServerThread server(handler);
  RawClient client(server.port());
  for (int i = 0; i < 3; ++i) {
    client.send("POST /a?b=" + std::to_string(i) + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nhi");
    const auto answer = client.response();
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "POST /a?b=" + std::to_string(i) + " hi");
    EXPECT_EQ(answer.header("X-Extra"), "yes");
    EXPECT_TRUE(answer.header("Date"));
    EXPECT_FALSE(answer.header("Connection"));
  }
  EXPECT_EQ(server.server().connections(), 1U);
}

TEST(HttpServer, ServesABeastClientWithChunksBothWays) {
  EchoHandler handler;
  ServerThread server(handler);
  asio::io_context context;
  boost::beast::tcp_stream stream(context);
  stream.connect(asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), server.port()));
  boost::beast::flat_buffer buffer;
  http::request<http::string_body> request(http::verb::post, "/x", 11, "chunked body");
  request.set(http::field::host, "localhost");
  request.chunked(true);
  http::write(stream, request);
  http::response<http::string_body> echoed;
  http::read(stream, buffer, echoed);
  EXPECT_EQ(echoed.body(), "POST /x chunked body");
  http::request<http::empty_body> get(http::verb::get, "/stream", 11);
  get.set(http::field::host, "localhost");
  http::write(stream, get);
  http::response<http::string_body> streamed;
  http::read(stream, buffer, streamed);
  EXPECT_TRUE(streamed.chunked());
  EXPECT_EQ(streamed.body(), "one two three");
}

TEST(HttpServer, ReadsARequestThatArrivesByteByByte) {
  EchoHandler handler;
  ServerThread server(handler);
  for (const std::string request :
       {"POST /slowly HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello",
        "POST /slowly HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"}) {
    RawClient client(server.port());
    for (const char c : request) ASSERT_TRUE(client.send(std::string_view(&c, 1)));
    EXPECT_EQ(client.response().body, "POST /slowly hello");
  }
}

TEST(HttpServer, AnswersPipelinedRequestsInOrder) {
  EchoHandler handler;
  ServerThread server(handler);
  RawClient client(server.port());
  std::string all;
  for (int i = 0; i < 20; ++i)
    all += "POST /" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n" + std::to_string(i % 10);
  client.send(all);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(client.response().body, "POST /" + std::to_string(i) + " " + std::to_string(i % 10));
}

TEST(HttpServer, HeadGetsTheFieldsWithoutTheBody) {
  EchoHandler handler;
  ServerThread server(handler);
  RawClient client(server.port());
  client.send("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\nGET /y HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(client.response(true).header("Content-Length"), "8");
  EXPECT_EQ(client.response().body, "GET /y ");
}

TEST(HttpServer, SpeaksHttp10) {
  EchoHandler handler;
  ServerThread server(handler);
  RawClient client(server.port());
  client.send("GET /stream HTTP/1.0\r\n\r\n");
  const auto answer = client.receive_all();
  EXPECT_TRUE(client.ended());
  EXPECT_TRUE(answer.ends_with("\r\n\r\none two three")) << answer;
}

TEST(HttpServer, AsksForABodyThatWaitsToBeAskedFor) {
  EchoHandler handler;
  ServerThread server(handler);
  RawClient client(server.port());
  client.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.response().status, 100);
  client.send("body");
  EXPECT_EQ(client.response().body, "POST /x body");
  // A refused request is not asked for its body.
  for (const std::string line : {"POST /forbidden HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n",
                                 "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 4000\r\n"}) {
    RawClient other(server.port());
    other.send(line + "Expect: 100-continue\r\n\r\n");
    EXPECT_GE(other.response().status, 400);
    EXPECT_EQ(other.receive_all(), "");
    EXPECT_TRUE(other.ended());
  }
}

TEST(HttpServer, RefusesWhatIsTooLargeAndTheClientCanReadWhy) {
  EchoHandler handler;
  ServerThread server(handler);
  EXPECT_EQ(fetch(server.port(), "POST", "/x", std::string(100'000, 'x')).status, 413);
  EXPECT_EQ(fetch(server.port(), "POST", "/x", std::string(1024, 'x')).status, 200);
  EXPECT_EQ(fetch(server.port(), "GET", "/x", "", "X-Long: " + std::string(17'000, 'x') + "\r\n").status, 431);
  EXPECT_EQ(fetch(server.port(), "GET", "/" + std::string(9'000, 'x')).status, 414);
  RawClient chunked(server.port());
  chunked.send("POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n800\r\n" + std::string(2048, 'x') +
               "\r\n0\r\n\r\n");
  EXPECT_EQ(chunked.response().status, 413);
  EXPECT_EQ(handler.answered, 1);
}

TEST(HttpServer, AHandlerThatFailsGivesA500OrABrokenStream) {
  EchoHandler handler;
  ServerThread server(handler);
  EXPECT_EQ(fetch(server.port(), "GET", "/throw").status, 500);
  EXPECT_EQ(fetch(server.port(), "GET", "/nothing").status, 500);
  const auto half = fetch(server.port(), "GET", "/half");
  EXPECT_EQ(half.body, "one two three");
  EXPECT_FALSE(half.whole);
}

TEST(HttpServer, NeverTakesAMalformedSharedVectorForAGoodRequest) {
  EchoHandler handler;
  ServerThread server(handler);
  int sent = 0;
  for (const auto& line : testing::shared_lines("http_llhttp/llhttp_vectors.jsonl")) {
    const auto vector = nlohmann::json::parse(line);
    if (!vector["type"].get<std::string>().starts_with("request")) continue;
    SCOPED_TRACE(vector["name"].get<std::string>());
    const int before = handler.answered;
    RawClient client(server.port());
    client.send(testing::base64_decoded(vector["input_b64"].get<std::string>()));
    client.end_sending();
    const auto answer = client.receive_all();
    ASSERT_TRUE(client.ended());
    ++sent;
    const bool strict = vector["type"] == "request" && !vector["error"].is_null();
    if (!strict || vector["error"]["reason"].get<std::string>().starts_with("Pause on")) continue;
    EXPECT_LE(handler.answered - before, vector["messages_complete"].get<int>());
    const auto last = answer.rfind("HTTP/1.1 ");
    if (last != std::string::npos && handler.answered == before) EXPECT_GE(answer.substr(last + 9, 3), "400") << answer;
  }
  if (sent > 0) std::cout << sent << " vectors sent\n";
  EXPECT_EQ(fetch(server.port(), "GET", "/still-there").status, 200);
}

TEST(HttpServer, CutsAReaderThatDoesNotReadAndHoldsLittleForIt) {
  EchoHandler handler;
  HttpLimits limits;
  limits.write = 200ms;
  ServerThread server(handler, limits);
  RawClient client(server.port(), 4096);
  client.send("GET /flood HTTP/1.1\r\nHost: a\r\n\r\n");
  auto end = handler.flood_end.get_future();
  ASSERT_EQ(end.wait_for(20s), std::future_status::ready);
  EXPECT_EQ(end.get(), ErrorCode::deadline);
  // What the kernel buffers for a socket is all that was taken from the handler.
  EXPECT_LT(handler.flood_parts, 200);
}

TEST(HttpServer, AReaderThatLeavesEndsTheWriting) {
  EchoHandler handler;
  ServerThread server(handler);
  auto end = handler.flood_end.get_future();
  {
    RawClient client(server.port());
    client.send("GET /flood HTTP/1.1\r\nHost: a\r\n\r\n");
    client.receive();
  }
  ASSERT_EQ(end.wait_for(10s), std::future_status::ready);
  EXPECT_EQ(end.get(), ErrorCode::cancelled);
}

TEST(HttpServer, TellsThatAClientLeftWhileNothingIsWritten) {
  EchoHandler handler;
  ServerThread server(handler);
  auto left = handler.left.get_future();
  RawClient client(server.port());
  client.send("GET /watch HTTP/1.1\r\nHost: a\r\n\r\n");
  client.receive_until("watching");
  EXPECT_EQ(left.wait_for(50ms), std::future_status::timeout);
  client.close();
  EXPECT_EQ(left.wait_for(5s), std::future_status::ready);
}

TEST(HttpServer, TimesOutHeadsAndBodiesThatDoNotComeAndIdleConnections) {
  EchoHandler handler;
  HttpLimits limits;
  limits.header = 100ms;
  limits.body = 100ms;
  limits.idle = 100ms;
  ServerThread server(handler, limits);
  RawClient head(server.port());
  head.send("GET / HT");
  EXPECT_EQ(head.response().status, 408);
  RawClient body(server.port());
  body.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf");
  EXPECT_EQ(body.response().status, 408);
  RawClient idle(server.port());
  idle.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(idle.response().status, 200);
  EXPECT_EQ(idle.receive_all(), "");
  EXPECT_TRUE(idle.ended());
}

TEST(HttpServer, Serves200ConnectionsAtOnceAndRefusesThoseOverItsLimitPolitely) {
  EchoHandler handler;
  HttpLimits limits;
  limits.connections = 200;
  ServerThread server(handler, limits);
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 200; ++i) {
    clients.push_back(std::make_unique<RawClient>(server.port()));
    clients.back()->send("GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\n\r\n");
  }
  for (std::size_t i = 0; i < clients.size(); ++i) EXPECT_EQ(clients[i]->response().body, "GET /" + std::to_string(i) + " ");
  EXPECT_EQ(server.server().connections(), 200U);
  RawClient one_more(server.port());
  one_more.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(one_more.response().status, 503);
  clients.resize(100);
  for (int i = 0; i < 200 && server.server().connections() > 150; ++i) std::this_thread::sleep_for(10ms);
  EXPECT_EQ(fetch(server.port(), "GET", "/again").status, 200);
}

TEST(HttpServer, StopLetsTheRunningRequestFinishAndClosesTheIdleOnes) {
  EchoHandler handler;
  ServerThread server(handler);
  RawClient idle(server.port());
  idle.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(idle.response().status, 200);
  RawClient busy(server.port());
  busy.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
  while (handler.answered < 2) std::this_thread::sleep_for(1ms);
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_TRUE(server.stop(5s));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 3s);
  const auto answer = busy.response();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("Connection"), "close");
  EXPECT_EQ(idle.receive_all(), "");
  EXPECT_TRUE(idle.ended());
  EXPECT_THROW(RawClient(server.port()), std::runtime_error);
}

TEST(HttpServer, StopCutsAStreamAfterItsGrace) {
  EchoHandler handler;
  ServerThread server(handler);
  RawClient client(server.port());
  client.send("GET /watch HTTP/1.1\r\nHost: a\r\n\r\n");
  client.receive_until("watching");
  EXPECT_TRUE(server.stop(50ms));
  EXPECT_EQ(handler.left.get_future().wait_for(0s), std::future_status::ready);
  EXPECT_FALSE(client.response().whole);
}

TEST(HttpServer, ListensOnSeveralAddressesAndSaysWhyItCannot) {
  EchoHandler handler;
  ServerThread server(handler);
  const auto second = server.server().listen("localhost", 0);
  ASSERT_TRUE(second);
  EXPECT_NE(*second, server.port());
  EXPECT_EQ(fetch(*second, "GET", "/").status, 200);
  EXPECT_EQ(server.server().listen("127.0.0.1", server.port()).error().code, ErrorCode::conflict);
  EXPECT_EQ(server.server().listen("not-an-address", 0).error().code, ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace gibsey::net
