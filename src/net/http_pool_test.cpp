#include "net/http_pool.hpp"

#include "base/testing/soon.hpp"
#include "net/testing/canned_server.hpp"
#include "net/testing/io_threads.hpp"
#include "net/testing/keeping_server.hpp"

#include <gtest/gtest.h>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>

#include <array>
#include <future>
#include <latch>
#include <stop_token>
#include <thread>

namespace gibsey::net {
namespace {

namespace asio = boost::asio;
using gibsey::testing::soon;
using namespace std::chrono_literals;
using testing::CannedServer;
using testing::chunked;
using testing::fine;
using testing::IoThreads;
using testing::KeepingServer;
using testing::SeenRequest;

struct Answer {
  int status = 0;
  std::string body;
  HttpHeaders headers;
  std::optional<HttpFailure> failure;
};

asio::awaitable<Answer> fetch(HttpPool& pool, HttpClientRequest request, HttpClientTimeouts timeouts = {}) {
  auto reply = co_await pool.send(std::move(request), timeouts, Deadline::never());
  if (!reply) co_return Answer{.failure = reply.error()};
  Answer answer{.status = (*reply)->status(), .body = {}, .headers = (*reply)->headers(), .failure = {}};
  auto body = co_await (*reply)->read_all();
  if (!body) answer.failure = HttpFailure{body.error(), true};
  if (body) answer.body = *std::move(body);
  co_return answer;
}

asio::awaitable<HttpResult> begin(HttpPool& pool, HttpClientRequest request) {
  co_return co_await pool.send(std::move(request), {}, Deadline::never());
}

asio::awaitable<Result<std::optional<std::string>>> read_once(HttpReply& reply) {
  co_return co_await reply.read();
}

class HttpPoolTest : public ::testing::Test {
 protected:
  Answer get(const KeepingServer& server, const std::string& method = "GET", std::string body = {}) {
    return io_.run(fetch(pool_, {.method = method, .url = server.address() + "/x", .headers = {}, .body = std::move(body)}));
  }

  IoThreads io_;
  HttpPool pool_{io_.executor()};
};

TEST_F(HttpPoolTest, KeepsAConnectionWhoseAnswerHasEnded) {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  for (const auto& [method, bytes] : std::vector<std::pair<std::string, std::string>>{
           {"GET", ok + "Content-Length: 4\r\n\r\nfine"},
           {"GET", ok + "Content-Length: 0\r\n\r\n"},
           {"GET", ok + "Transfer-Encoding: chunked\r\n\r\n" + chunked("fi") + chunked("ne") + "0\r\n\r\n"},
           {"GET", ok + "Transfer-Encoding: chunked\r\n\r\n" + chunked("fine") + "0\r\nX-Trailer: 1\r\n\r\n"},
           {"GET", "HTTP/1.1 204 No Content\r\n\r\n"},
           {"GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 400\r\n\r\n"},
           {"HEAD", ok + "Content-Length: 400\r\n\r\n"},
           {"HEAD", ok + "Transfer-Encoding: chunked\r\n\r\n"},
           {"GET", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 4\r\n\r\nfine"},
           {"GET", "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone"},
           {"GET",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + ok + "Content-Length: 2\r\n\r\nok"},
       }) {
    const KeepingServer server([&bytes](const SeenRequest&) { return KeepingServer::Answer{bytes}; });
    for (int i = 0; i < 3; ++i) {
      const auto answer = get(server, method);
      EXPECT_FALSE(answer.failure) << bytes << answer.failure->message;
      EXPECT_GE(answer.status, 200) << bytes;
    }
    EXPECT_EQ(server.connections(), 1) << method << " " << bytes;
    EXPECT_EQ(server.requests().size(), 3U);
  }
}

TEST_F(HttpPoolTest, DoesNotKeepWhatCannotTakeAnotherRequest) {
  for (const std::string bytes : {
           "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\nfine",
           "HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 4\r\n\r\nfine",
           "HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nfine",
           "HTTP/1.1 200 OK\r\n\r\nuntil its end",
           "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfineHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
       }) {
    const KeepingServer server([&bytes](const SeenRequest&) { return KeepingServer::Answer{bytes, bytes.ends_with("end")}; });
    for (int i = 0; i < 2; ++i) EXPECT_FALSE(get(server).failure) << bytes;
    EXPECT_EQ(server.connections(), 2) << bytes;
    EXPECT_EQ(pool_.counts().kept, 0U) << bytes;
  }
}

TEST_F(HttpPoolTest, AnAnswerThatWasNotReadToItsEndTakesItsConnectionAlong) {
  const KeepingServer server([](const SeenRequest&) {
    return KeepingServer::Answer{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked("first")};
  });
  for (int i = 0; i < 2; ++i) {
    const auto reply = io_.run(begin(pool_, {.url = server.address()}));
    ASSERT_TRUE(reply);
    EXPECT_EQ(io_.run(read_once(**reply)), "first");
  }
  EXPECT_EQ(server.connections(), 2);
  EXPECT_EQ(pool_.counts().kept, 0U);
}

TEST_F(HttpPoolTest, SeesThatAKeptConnectionWasClosedBeforeSending) {
  KeepingServer server([](const SeenRequest&) { return KeepingServer::Answer{fine()}; });
  EXPECT_EQ(get(server).body, "fine");
  server.close_connections();
  std::this_thread::sleep_for(20ms);
  EXPECT_EQ(get(server, "POST", "{}").body, "fine");
  EXPECT_EQ(server.connections(), 2);
  EXPECT_EQ(server.requests().size(), 2U);
  EXPECT_EQ(pool_.counts().renewed, 0U);
}

TEST_F(HttpPoolTest, ARequestOnAKeptConnectionThatClosesUnansweredIsSentOnceMore) {
  const KeepingServer server(
      [](const SeenRequest& request) { return request.number == 1 ? KeepingServer::Answer{fine()} : KeepingServer::Answer{}; });
  EXPECT_EQ(get(server).body, "fine");
  const auto answer = get(server, "POST", "{\"q\":1}");
  EXPECT_FALSE(answer.failure);
  EXPECT_EQ(answer.body, "fine");
  EXPECT_EQ(server.connections(), 2);
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 3U);
  EXPECT_EQ(requests[2].body, "{\"q\":1}");
  EXPECT_EQ(requests[2].head, requests[1].head);
  EXPECT_EQ(pool_.counts().renewed, 1U);
}

TEST_F(HttpPoolTest, WhatMayBeSentOnlyOnceIsNotSentAgain) {
  const KeepingServer server(
      [](const SeenRequest& request) { return request.number == 1 ? KeepingServer::Answer{fine()} : KeepingServer::Answer{}; });
  EXPECT_EQ(get(server).body, "fine");
  const auto answer = io_.run(fetch(pool_, {.method = "POST", .url = server.address(), .body = "{}", .once = true}));
  ASSERT_TRUE(answer.failure);
  EXPECT_EQ(answer.failure->code, ErrorCode::unavailable);
  EXPECT_TRUE(answer.failure->sent);
  EXPECT_EQ(server.requests().size(), 2U);
}

TEST_F(HttpPoolTest, NothingIsSentAgainOnceAByteOfAnAnswerCame) {
  const KeepingServer server([](const SeenRequest& request) {
    return request.number == 1 ? KeepingServer::Answer{fine()} : KeepingServer::Answer{"H", true};
  });
  EXPECT_EQ(get(server).body, "fine");
  const auto answer = get(server);
  ASSERT_TRUE(answer.failure);
  EXPECT_TRUE(answer.failure->sent);
  EXPECT_EQ(server.requests().size(), 2U);
}

TEST_F(HttpPoolTest, NothingIsSentAgainOnAFreshConnection) {
  const KeepingServer server([](const SeenRequest&) { return KeepingServer::Answer{}; });
  const auto answer = get(server);
  ASSERT_TRUE(answer.failure);
  EXPECT_TRUE(answer.failure->sent);
  EXPECT_EQ(server.requests().size(), 1U);
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(HttpPoolTest, ASlowAnswerOnAKeptConnectionIsNotAskedForAgain) {
  std::latch let_go(1);
  const KeepingServer server([&let_go](const SeenRequest& request) {
    if (request.number == 2) let_go.wait();
    return KeepingServer::Answer{fine()};
  });
  EXPECT_EQ(get(server).body, "fine");
  const auto answer = io_.run(fetch(pool_, {.url = server.address()}, {.first_byte = 50ms}));
  let_go.count_down();
  ASSERT_TRUE(answer.failure);
  EXPECT_EQ(answer.failure->code, ErrorCode::deadline);
  EXPECT_TRUE(answer.failure->sent);
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(HttpPoolTest, TellsThatNothingWasSent) {
  const auto dead = CannedServer({}).address();
  for (const auto& url : {dead, std::string("ftp://host"), std::string("http://nobody.invalid")}) {
    const auto answer = io_.run(fetch(pool_, {.url = url}, {.connect = 500ms}));
    ASSERT_TRUE(answer.failure) << url;
    EXPECT_FALSE(answer.failure->sent) << url;
  }
}

TEST_F(HttpPoolTest, IdleConnectionsAreClosedAfterAWhile) {
  HttpPool pool(io_.executor(), {.idle = 60ms});
  const KeepingServer server([](const SeenRequest&) { return KeepingServer::Answer{fine()}; });
  EXPECT_EQ(io_.run(fetch(pool, {.url = server.address()})).body, "fine");
  EXPECT_TRUE(soon([&pool] { return pool.counts().kept == 0; }));
  EXPECT_EQ(io_.run(fetch(pool, {.url = server.address()})).body, "fine");
  EXPECT_EQ(server.connections(), 2);
  EXPECT_TRUE(soon([&pool] { return pool.counts().kept == 0; })) << "the timer is set again";
}

/// Answers that are all open at once, each on a connection of its own.
std::vector<Answer> at_once(IoThreads& io, HttpPool& pool, const std::vector<std::string>& urls) {
  std::vector<std::future<Answer>> asked;
  for (const auto& url : urls) asked.push_back(io.start(fetch(pool, {.url = url})));
  std::vector<Answer> answers;
  for (auto& answer : asked) answers.push_back(answer.get());
  return answers;
}

TEST_F(HttpPoolTest, KeepsSoManyOfAHostAndSoManyInAll) {
  std::latch all_there(6);
  const auto together = [&all_there](const SeenRequest& request) {
    if (request.head.starts_with("GET /wait")) all_there.arrive_and_wait();
    return KeepingServer::Answer{fine()};
  };
  const KeepingServer a(together);
  const KeepingServer b(together);
  HttpPool pool(io_.executor(), {.per_host = 2, .in_all = 3});
  const auto wait_a = a.address() + "/wait";
  const auto wait_b = b.address() + "/wait";
  for (const auto& answer : at_once(io_, pool, {wait_a, wait_a, wait_a, wait_b, wait_b, wait_b})) EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(a.connections(), 3);
  EXPECT_EQ(pool.counts().kept, 3U);
  HttpPool small(io_.executor(), {.per_host = 2});
  at_once(io_, small, std::vector<std::string>(8, a.address()));
  EXPECT_LE(small.counts().kept, 2U);
  EXPECT_GE(small.counts().kept, 1U);
}

TEST_F(HttpPoolTest, ConnectionsAreNotSharedBetweenServers) {
  const KeepingServer a([](const SeenRequest&) { return KeepingServer::Answer{fine("a")}; });
  const KeepingServer b([](const SeenRequest&) { return KeepingServer::Answer{fine("b")}; });
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(get(a).body, "a");
    EXPECT_EQ(get(b).body, "b");
  }
  EXPECT_EQ(a.connections() + b.connections(), 2);
  EXPECT_EQ(io_.run(fetch(pool_, {.url = a.address("localhost")})).body, "a");
  EXPECT_EQ(a.connections(), 2) << "another name is another host";
}

TEST_F(HttpPoolTest, ManyCallersOfManyThreadsGetTheirOwnAnswers) {
  const KeepingServer server([](const SeenRequest& request) {
    // Every seventh connection ends after an answer, every fifth request of one unanswered.
    if (request.number % 5 == 0) return KeepingServer::Answer{};
    return KeepingServer::Answer{fine(request.body), request.connection % 7 == 0};
  });
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 50; ++i) {
        const auto body = std::to_string(thread) + "/" + std::to_string(i);
        asio::io_context own;  // gone while the connection stays
        auto answer =
            asio::co_spawn(own, fetch(pool_, {.method = "POST", .url = server.address(), .body = body}), asio::use_future);
        own.run();
        if (answer.get().body == body) ++right;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(right, 200);
  EXPECT_GT(pool_.counts().reused, 20U);
  EXPECT_LE(pool_.counts().kept, 8U);
}

TEST_F(HttpPoolTest, AnAnswerMayOutliveThePool) {
  std::latch let_go(1);
  const KeepingServer server([&let_go](const SeenRequest&) {
    let_go.wait();
    return KeepingServer::Answer{fine("late")};
  });
  auto pool = std::make_unique<HttpPool>(io_.executor());
  auto answer = io_.start(fetch(*pool, {.url = server.address()}));
  EXPECT_TRUE(soon([&pool] { return pool->counts().opened == 1; }));
  pool.reset();
  let_go.count_down();
  EXPECT_EQ(answer.get().body, "late");
}

TEST_F(HttpPoolTest, AClosedPoolKeepsNothing) {
  const KeepingServer server([](const SeenRequest&) { return KeepingServer::Answer{fine()}; });
  get(server);
  EXPECT_EQ(pool_.counts().kept, 1U);
  pool_.close();
  EXPECT_EQ(pool_.counts().kept, 0U);
  EXPECT_EQ(get(server).body, "fine");
  EXPECT_EQ(pool_.counts().kept, 0U);
}

TEST_F(HttpPoolTest, ACancelledReadDoesNotHarmTheNextRequest) {
  const KeepingServer server([](const SeenRequest& request) {
    if (request.connection > 1) return KeepingServer::Answer{fine()};
    return KeepingServer::Answer{"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf"};
  });
  auto reply = io_.run(begin(pool_, {.url = server.address()}));
  ASSERT_TRUE(reply);
  EXPECT_EQ(io_.run(read_once(**reply)), "half");
  auto reading = io_.start(read_once(**reply));
  (*reply)->cancel();
  EXPECT_EQ(reading.get().error().code, ErrorCode::cancelled);
  EXPECT_EQ(io_.run(read_once(**reply)).error().code, ErrorCode::cancelled);
  EXPECT_EQ(get(server).body, "fine");
  (*reply)->cancel();
  EXPECT_EQ(get(server).body, "fine") << "its connection is none of the old answer's";
  EXPECT_EQ(server.connections(), 2);
}

/// Takes one request, answers nothing, and waits until the other side has closed the connection.
class SilentServer {
 public:
  SilentServer() : acceptor_(context_, {asio::ip::address_v4::loopback(), 0}) {
    thread_ = std::thread([this] {
      asio::ip::tcp::socket socket(context_);
      acceptor_.accept(socket);
      std::string request;
      boost::system::error_code error;
      asio::read_until(socket, asio::dynamic_buffer(request), "\r\n\r\n", error);
      asked_.set_value();
      std::array<char, 1> byte{};
      socket.read_some(asio::buffer(byte), error);
      closed_.set_value(error == asio::error::eof || error == asio::error::connection_reset);
    });
  }
  ~SilentServer() { thread_.join(); }
  SilentServer(const SilentServer&) = delete;
  SilentServer& operator=(const SilentServer&) = delete;

  [[nodiscard]] std::string address() const { return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()); }
  void wait_until_asked() { asked_.get_future().wait(); }
  bool is_closed_within(std::chrono::seconds time) {
    auto closed = closed_.get_future();
    return closed.wait_for(time) == std::future_status::ready && closed.get();
  }

 private:
  asio::io_context context_;
  asio::ip::tcp::acceptor acceptor_;
  std::promise<void> asked_;
  std::promise<bool> closed_;
  std::thread thread_;
};

TEST_F(HttpPoolTest, AStopEndsTheWaitForTheHeadAndClosesTheConnection) {
  SilentServer server;
  std::stop_source unwanted;
  auto answer = io_.start(fetch(pool_, {.url = server.address(), .stop = unwanted.get_token()}));
  server.wait_until_asked();
  unwanted.request_stop();
  const auto failure = answer.get().failure;
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->code, ErrorCode::cancelled);
  EXPECT_TRUE(failure->sent);
  EXPECT_TRUE(server.is_closed_within(10s));
  const KeepingServer other([](const SeenRequest&) { return KeepingServer::Answer{fine()}; });
  const auto late = io_.run(fetch(pool_, {.url = other.address(), .stop = unwanted.get_token()}));
  ASSERT_TRUE(late.failure) << "its stop was asked for before it began";
  EXPECT_EQ(late.failure->code, ErrorCode::cancelled);
  EXPECT_FALSE(late.failure->sent);
  EXPECT_EQ(get(other).body, "fine") << "the others go on";
}

TEST_F(HttpPoolTest, ShutDownEndsWhatIsUnderWay) {
  SilentServer server;
  const KeepingServer half(
      [](const SeenRequest&) { return KeepingServer::Answer{"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf"}; });
  auto answer = io_.start(fetch(pool_, {.url = server.address()}));
  auto reply = io_.run(begin(pool_, {.url = half.address()}));
  EXPECT_EQ(io_.run(read_once(**reply)), "half");
  auto reading = io_.start(read_once(**reply));
  server.wait_until_asked();
  pool_.shut_down();
  EXPECT_EQ(answer.get().failure.value().code, ErrorCode::cancelled);
  EXPECT_EQ(reading.get().error().code, ErrorCode::cancelled);
  EXPECT_TRUE(server.is_closed_within(10s));
  EXPECT_EQ(get(half).failure.value().code, ErrorCode::cancelled);
}

TEST_F(HttpPoolTest, CancelAfterTheEndLeavesTheConnectionToOthers) {
  const KeepingServer server([](const SeenRequest&) { return KeepingServer::Answer{fine()}; });
  auto first = io_.run(begin(pool_, {.url = server.address()}));
  EXPECT_EQ(io_.run((*first)->read_all()), "fine");
  auto second = io_.run(begin(pool_, {.url = server.address()}));
  (*first)->cancel();
  first->reset();
  EXPECT_EQ(io_.run((*second)->read_all()), "fine");
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(HttpPoolTest, AnAnswerBeforeTheRequestWasSentWholeCounts) {
  CannedServer server({{"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 3\r\n\r\nbig"}});
  const auto answer = io_.run(fetch(pool_, {.method = "POST", .url = server.address(), .body = std::string(100'000, 'x')}));
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(answer.body, "big");
}

TEST_F(HttpPoolTest, ARedirectIsTheAnswer) {
  const KeepingServer other([](const SeenRequest&) { return KeepingServer::Answer{fine()}; });
  for (const int status : {301, 302, 303, 307, 308}) {
    const KeepingServer server([&](const SeenRequest&) {
      return KeepingServer::Answer{"HTTP/1.1 " + std::to_string(status) + " Moved\r\nLocation: " + other.address() +
                                   "/\r\nContent-Length: 0\r\n\r\n"};
    });
    const auto answer = io_.run(fetch(pool_, {.url = server.address(), .headers = {{"Authorization", "Bearer key"}}}));
    EXPECT_EQ(answer.status, status);
    EXPECT_EQ(answer.headers.find("Location"), other.address() + "/");
  }
  EXPECT_EQ(other.connections(), 0);
}

TEST_F(HttpPoolTest, AsksForNothingCompressedAndNoLineBreakGetsOut) {
  const KeepingServer server([](const SeenRequest&) { return KeepingServer::Answer{fine()}; });
  io_.run(fetch(pool_, {.url = server.address(), .headers = {{"Authorization", "Bearer key\r\nX-Evil: 1"}}}));
  const auto head = server.requests().at(0).head;
  EXPECT_TRUE(head.contains("\r\nAccept-Encoding: identity\r\n")) << head;
  EXPECT_FALSE(head.contains("\r\nX-Evil")) << head;
  EXPECT_FALSE(head.contains("\r\nConnection:")) << head;
  EXPECT_TRUE(head.contains("\r\nHost: 127.0.0.1:" + server.port() + "\r\n")) << head;
}

TEST_F(HttpPoolTest, SpeaksToAnIPv6Literal) {
  const KeepingServer server([](const SeenRequest&) { return KeepingServer::Answer{fine()}; }, nullptr,
                             asio::ip::address_v6::loopback());
  EXPECT_EQ(io_.run(fetch(pool_, {.url = server.address("[::1]")})).body, "fine");
  EXPECT_TRUE(server.requests().at(0).head.contains("\r\nHost: [::1]:" + server.port() + "\r\n"));
}

}  // namespace
}  // namespace gibsey::net
