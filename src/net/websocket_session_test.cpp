#include "net/websocket_session.hpp"

#include "net/testing/raw_client.hpp"
#include "net/testing/server_thread.hpp"
#include "net/testing/websocket_client.hpp"
#include "net/testing/websocket_frames.hpp"

#include <gtest/gtest.h>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <random>
#include <thread>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#include <sanitizer/allocator_interface.h>
#define GIBSEY_COUNTS_MEMORY 1
#endif
#endif

namespace gibsey::net {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using testing::masked_frame;
using testing::Opcode;
using testing::RawClient;
using testing::ServerFrame;
using testing::ServerThread;
using testing::take_server_frame;
using testing::unmasked_frame;
using testing::WebSocketClient;

/// How a session's reading ended: nullopt for an orderly close by the client.
using Ending = std::optional<ErrorCode>;

bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds time = 5s) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (!condition() && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(1ms);
  return condition();
}

/// Opens a session for every request and deals with it by its path.
class SessionHandler : public HttpHandler {
 public:
  explicit SessionHandler(WebSocketSettings with = {}) : settings(with) {}

  Admission admit(const HttpRequest&) override { return {1024, std::nullopt}; }
  HttpResponse refusal(const HttpRequest&, int status, std::string_view detail) override {
    return {status, {{"Content-Type", "text/plain"}}, std::string(detail)};
  }

  asio::awaitable<void> answer(HttpRequest request, HttpExchange& exchange) override {
    exchange.add_header("X-Extra", "yes");
    if (request.path() == "/late") co_await wait_until_told();
    auto accepted = co_await exchange.accept_websocket(request, settings);
    answered_with = exchange.status();
    if (!accepted) {
      refused = accepted.error().code;
      co_return;
    }
    const std::shared_ptr<WebSocketSession> session = std::move(*accepted);
    const auto path = std::string(request.path());
    request = {};
    share(path, session);
    if (path == "/return") co_return;
    if (path == "/throw") throw std::runtime_error("a bug");
    if (path == "/flood") co_await flood(*session);
    if (path == "/deaf") co_await wait_until_told();
    co_await echo(*session, path);
  }

  asio::awaitable<void> echo(WebSocketSession& session, const std::string& path) {
    while (true) {
      auto message = co_await session.read();
      if (!message || !*message) {
        finish(message ? Ending() : Ending(message.error().code));
        co_return;
      }
      if (path == "/measure") {
        session.send(std::to_string((*message)->size()) + (*message)->substr(0, 1));
      } else if (path != "/quiet" && path != "/flood") {
        session.send(**message);
      }
    }
  }
  /// Sends without waiting until told that the client is slow.
  asio::awaitable<void> flood(WebSocketSession& session) {
    const std::string part(8 * 1024, 'f');
    auto sent = session.send(part);
    while (sent) {
      most_queued = std::max<std::size_t>(most_queued, session.queued_bytes());
      ++flood_parts;
      sent = session.send(part);
      if (flood_parts % 16 == 0) co_await pause(1ms);
    }
    flood_end = sent.error().code;
    sent_after_end = session.send("more").error().code;
  }
  asio::awaitable<void> wait_until_told() {
    while (!told) co_await pause(2ms);
  }
  static asio::awaitable<void> pause(std::chrono::milliseconds time) {
    asio::steady_timer timer(co_await asio::this_coro::executor, time);
    co_await timer.async_wait(asio::use_awaitable);
  }

  void share(const std::string& path, const std::shared_ptr<WebSocketSession>& session) {
    const std::lock_guard lock(mutex_);
    sessions_[path] = session;
    changed_.notify_all();
  }
  void finish(Ending ending) {
    const std::lock_guard lock(mutex_);
    endings_.push_back(ending);
    changed_.notify_all();
  }
  /// The session of that path; null when none was opened.
  std::shared_ptr<WebSocketSession> session(const std::string& path) {
    std::unique_lock lock(mutex_);
    std::shared_ptr<WebSocketSession> found;
    changed_.wait_for(lock, 5s, [&] { return (found = sessions_[path].lock()) != nullptr; });
    return found;
  }
  /// The next ending; ErrorCode::internal when none came.
  Ending ending(std::chrono::milliseconds time = 5s) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, time, [this] { return !endings_.empty(); })) return ErrorCode::internal;
    const auto first = endings_.front();
    endings_.pop_front();
    return first;
  }

  const WebSocketSettings settings;
  std::atomic<int> answered_with = 0;
  std::atomic<ErrorCode> refused = ErrorCode::internal;
  std::atomic<bool> told = false;
  std::atomic<std::size_t> most_queued = 0;
  std::atomic<int> flood_parts = 0;
  std::atomic<ErrorCode> flood_end = ErrorCode::internal;
  std::atomic<ErrorCode> sent_after_end = ErrorCode::internal;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, std::weak_ptr<WebSocketSession>> sessions_;
  std::deque<Ending> endings_;
};

const std::string kFields = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";
const std::string kKey = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

std::string handshake(const std::string& target) {
  return "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n" + kFields + kKey + "\r\n";
}

/// Speaks frames byte by byte where Beast's client would not let us.
class FrameClient {
 public:
  explicit FrameClient(std::uint16_t port, const std::string& target = "/", int receive_buffer = 0,
                       const std::string& behind = {})
      : client_(port, receive_buffer) {
    client_.send(handshake(target) + behind);
    received_ = client_.receive_until("\r\n\r\n");
    const auto end = received_.find("\r\n\r\n");
    head_ = received_.substr(0, end);
    received_.erase(0, end == std::string::npos ? end : end + 4);
  }
  bool send(std::string_view bytes) { return client_.send(bytes); }
  /// The next frame that is no ping; nullopt at the end of the stream and after `time`.
  std::optional<ServerFrame> frame(std::chrono::milliseconds time = 5s) {
    const auto end = std::chrono::steady_clock::now() + time;
    while (true) {
      while (auto taken = take_server_frame(received_)) {
        if (taken->opcode != Opcode::ping) return taken;
        ++pings;
      }
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
      if (client_.ended() || left <= 0ms) return std::nullopt;
      received_ += client_.receive(left);
    }
  }
  int close_code() {
    auto next = frame();
    while (next && next->opcode != Opcode::close) next = frame();
    return next ? next->close_code() : 0;
  }
  [[nodiscard]] const std::string& head() const { return head_; }
  RawClient& raw() { return client_; }

  int pings = 0;

 private:
  RawClient client_;
  std::string head_;
  std::string received_;
};

TEST(WebSocketSession, AnswersTheHandshakeAndEchoes) {
  SessionHandler handler;
  ServerThread server(handler);
  WebSocketClient client(server.port());
  EXPECT_EQ(client.status(), 101);
  EXPECT_EQ(client.header("X-Extra"), "yes");
  EXPECT_NE(client.header("Date"), "");
  EXPECT_EQ(client.header("Sec-WebSocket-Extensions"), "");
  for (const std::string text : {"hello", "",
                                 "Gr\xC3\xBC\xC3\x9F"
                                 "e \xF0\x9F\x93\x96",
                                 "{\"type\":\"ping\"}"}) {
    ASSERT_TRUE(client.send(text));
    EXPECT_EQ(client.receive(), text);
  }
  const std::string longest(64 * 1024, 'x');
  ASSERT_TRUE(client.send(longest));
  EXPECT_EQ(client.receive(), longest);
  EXPECT_EQ(handler.answered_with, 101);
  EXPECT_TRUE(client.close());
  EXPECT_EQ(handler.ending(), std::nullopt);
  EXPECT_TRUE(eventually([&] { return server.server().connections() == 0; }));
}

TEST(WebSocketSession, TheKeyIsAnsweredAsTheStandardsExample) {
  SessionHandler handler;
  ServerThread server(handler);
  FrameClient client(server.port());
  EXPECT_TRUE(client.head().starts_with("HTTP/1.1 101 Switching Protocols\r\n")) << client.head();
  EXPECT_NE(client.head().find("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), std::string::npos) << client.head();
  EXPECT_EQ(client.head().find("Sec-WebSocket-Protocol"), std::string::npos);
}

TEST(WebSocketSession, JoinsFragmentsWithControlFramesBetweenThem) {
  SessionHandler handler;
  ServerThread server(handler);
  FrameClient client(server.port());
  client.send(masked_frame(Opcode::text, "one \xC3", false));
  client.send(masked_frame(Opcode::ping, "still there?"));
  const auto pong = client.frame();
  ASSERT_TRUE(pong);
  EXPECT_EQ(pong->opcode, Opcode::pong);
  EXPECT_EQ(pong->content, "still there?");
  client.send(masked_frame(Opcode::continuation, "", false) + masked_frame(Opcode::continuation, "\xA9 two", false));
  for (const char c : masked_frame(Opcode::continuation, " three")) client.send(std::string_view(&c, 1));
  const auto echoed = client.frame();
  ASSERT_TRUE(echoed);
  EXPECT_EQ(echoed->content, "one \xC3\xA9 two three");
  EXPECT_TRUE(echoed->last);
}

TEST(WebSocketSession, ReadsMessagesThatCameWithTheHandshake) {
  SessionHandler handler;
  ServerThread server(handler);
  std::string behind;
  for (int i = 0; i < 300; ++i) behind += masked_frame(Opcode::text, "message number " + std::to_string(i));
  FrameClient client(server.port(), "/", 0, behind);
  for (int i = 0; i < 300; ++i) {
    const auto echoed = client.frame();
    ASSERT_TRUE(echoed) << i;
    EXPECT_EQ(echoed->content, "message number " + std::to_string(i));
  }
}

TEST(WebSocketSession, RefusesWhatIsNoHandshake) {
  SessionHandler handler;
  ServerThread server(handler);
  const auto ask = [&](const std::string& line, const std::string& fields) {
    RawClient client(server.port());
    client.send(line + "\r\nHost: localhost\r\n" + fields + "\r\n");
    auto answer = client.response();
    EXPECT_EQ(client.receive_all(), "");
    EXPECT_TRUE(client.ended());
    return answer;
  };
  EXPECT_EQ(ask("GET / HTTP/1.1", kFields).status, 400);
  EXPECT_EQ(ask("GET / HTTP/1.0", kFields + kKey).status, 400);
  EXPECT_EQ(ask("POST / HTTP/1.1", kFields + kKey).status, 400);
  EXPECT_EQ(ask("HEAD / HTTP/1.1", kFields + kKey).status, 400);
  EXPECT_EQ(handler.refused, ErrorCode::invalid_argument);
  const auto plain = ask("GET / HTTP/1.1", "");
  EXPECT_EQ(plain.status, 426);
  EXPECT_EQ(plain.header("Upgrade"), "websocket");
  const auto version = ask("GET / HTTP/1.1", "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 8\r\n" + kKey);
  EXPECT_EQ(version.status, 426);
  EXPECT_EQ(version.header("Sec-WebSocket-Version"), "13");
  EXPECT_NE(version.body.find("13"), std::string::npos);
  EXPECT_EQ(version.header("X-Extra"), "yes");
}

TEST(WebSocketSession, AMessageOverTheLimitEndsIt) {
  WebSocketSettings settings;
  settings.message_limit = 1000;
  SessionHandler handler(settings);
  ServerThread server(handler);
  WebSocketClient fits(server.port());
  ASSERT_TRUE(fits.send(std::string(1000, 'x')));
  EXPECT_EQ(fits.receive(), std::string(1000, 'x'));
  ASSERT_TRUE(fits.send(std::string(1001, 'x')));
  EXPECT_EQ(fits.receive(), std::nullopt);
  EXPECT_EQ(fits.close_code(), 1009);
  EXPECT_EQ(handler.ending(), ErrorCode::too_large);

  // Larger than all buffers between: the client is still sending when it is refused, and must be able to read why.
  FrameClient huge(server.port());
  std::thread sender([&huge] { huge.send(masked_frame(Opcode::text, std::string(20'000'000, 'x'))); });
  EXPECT_EQ(huge.close_code(), 1009);
  EXPECT_EQ(handler.ending(), ErrorCode::too_large);
  sender.join();

  FrameClient fragments(server.port());
  fragments.send(masked_frame(Opcode::text, std::string(600, 'x'), false) +
                 masked_frame(Opcode::continuation, std::string(600, 'x')));
  EXPECT_EQ(fragments.close_code(), 1009);
  EXPECT_EQ(handler.ending(), ErrorCode::too_large);
}

TEST(WebSocketSession, BinaryMessagesAreRefused) {
  SessionHandler handler;
  ServerThread server(handler);
  WebSocketClient client(server.port());
  ASSERT_TRUE(client.send_binary("\x01\x02"));
  EXPECT_EQ(client.receive(), std::nullopt);
  EXPECT_EQ(client.close_code(), 1003);
  EXPECT_EQ(handler.ending(), ErrorCode::invalid_argument);
}

TEST(WebSocketSession, TextThatIsNotUtf8IsRefused) {
  SessionHandler handler;
  ServerThread server(handler);
  const std::vector<std::string> bad = {
      masked_frame(Opcode::text, "\xC3("),
      masked_frame(Opcode::text, "cut short \xC3"),
      masked_frame(Opcode::text, "\xED\xA0\x80"),
      masked_frame(Opcode::text, "\xC3", false) + masked_frame(Opcode::continuation, "("),
      masked_frame(Opcode::text, "\xC3", false) + masked_frame(Opcode::continuation, ""),
  };
  for (const auto& frames : bad) {
    FrameClient client(server.port());
    client.send(frames);
    EXPECT_EQ(client.close_code(), 1007);
    EXPECT_EQ(handler.ending(), ErrorCode::invalid_argument);
  }
}

TEST(WebSocketSession, FramesAgainstTheProtocolAreRefused) {
  SessionHandler handler;
  ServerThread server(handler);
  auto reserved_bit = masked_frame(Opcode::text, "x");
  reserved_bit[0] = static_cast<char>(reserved_bit[0] | 0x40);
  const std::map<std::string, std::string> bad = {
      {"not masked", unmasked_frame(Opcode::text, "hello")},
      {"control frame not masked", unmasked_frame(Opcode::ping, "hello")},
      {"reserved bit", reserved_bit},
      {"unknown opcode", masked_frame(static_cast<Opcode>(3), "x")},
      {"unknown control opcode", masked_frame(static_cast<Opcode>(11), "x")},
      {"control frame in parts", masked_frame(Opcode::ping, "x", false)},
      {"control frame too long", masked_frame(Opcode::ping, std::string(126, 'x'))},
      {"continuation of nothing", masked_frame(Opcode::continuation, "x")},
      {"new message within another", masked_frame(Opcode::text, "x", false) + masked_frame(Opcode::text, "y")},
      {"close code out of range", masked_frame(Opcode::close, "\x03\xE7")},
      {"close frame of one byte", masked_frame(Opcode::close, "x")},
  };
  for (const auto& [what, frames] : bad) {
    SCOPED_TRACE(what);
    FrameClient client(server.port());
    client.send(frames);
    EXPECT_EQ(client.close_code(), 1002);
    EXPECT_EQ(handler.ending(), ErrorCode::invalid_argument);
  }
}

TEST(WebSocketSession, PingsAreSentAndPongsHonoured) {
  WebSocketSettings settings;
  settings.ping_interval = 60ms;
  settings.ping_timeout = 50ms;
  SessionHandler handler(settings);
  ServerThread server(handler);
  WebSocketClient client(server.port());
  EXPECT_EQ(client.receive(600ms), std::nullopt);
  EXPECT_FALSE(client.closed());
  EXPECT_GE(client.pings(), 3);
  EXPECT_LE(client.pings(), 10);
  ASSERT_TRUE(client.send("alive"));
  EXPECT_EQ(client.receive(), "alive");
}

TEST(WebSocketSession, WithoutAPongItEnds) {
  WebSocketSettings settings;
  settings.ping_interval = 100ms;
  settings.ping_timeout = 100ms;
  SessionHandler handler(settings);
  ServerThread server(handler);
  const auto begin = std::chrono::steady_clock::now();
  FrameClient client(server.port());
  EXPECT_EQ(client.frame(), std::nullopt);
  EXPECT_TRUE(client.raw().ended());
  EXPECT_EQ(client.pings, 1);
  EXPECT_EQ(handler.ending(), ErrorCode::deadline);
  const auto took = std::chrono::steady_clock::now() - begin;
  EXPECT_GE(took, 200ms);
  EXPECT_LT(took, 1s);
  EXPECT_TRUE(eventually([&] { return server.server().connections() == 0; }));
}

TEST(WebSocketSession, AnyFrameIsASignOfLife) {
  WebSocketSettings settings;
  settings.ping_interval = 60ms;
  settings.ping_timeout = 60ms;
  SessionHandler handler(settings);
  ServerThread server(handler);
  FrameClient client(server.port());
  const auto end = std::chrono::steady_clock::now() + 500ms;
  while (std::chrono::steady_clock::now() < end) {
    ASSERT_TRUE(client.send(masked_frame(Opcode::text, "x")));
    const auto echoed = client.frame();
    ASSERT_TRUE(echoed);
    std::this_thread::sleep_for(10ms);
  }
  EXPECT_GE(client.pings, 2);
}

TEST(WebSocketSession, PongsCountWhileNobodyReadsAndAClientIsNotBlamedForThat) {
  WebSocketSettings settings;
  settings.ping_interval = 60ms;
  settings.ping_timeout = 50ms;
  settings.read_ahead = 3;
  SessionHandler handler(settings);
  ServerThread server(handler);
  WebSocketClient client(server.port(), {.target = "/deaf"});
  EXPECT_EQ(client.receive(300ms), std::nullopt);
  EXPECT_FALSE(client.closed());
  EXPECT_GE(client.pings(), 2);
  // Now reading pauses, and the pongs stay in the kernel.
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(client.send(std::to_string(i)));
  EXPECT_EQ(client.receive(300ms), std::nullopt);
  EXPECT_FALSE(client.closed());
  handler.told = true;
  for (int i = 0; i < 20; ++i) EXPECT_EQ(client.receive(), std::to_string(i));
}

TEST(WebSocketSession, NoticesAClosedSessionWhileNobodyReads) {
  SessionHandler handler;
  ServerThread server(handler);
  FrameClient client(server.port(), "/deaf");
  client.send(masked_frame(Opcode::text, "last words") + masked_frame(Opcode::close, "\x03\xE8"));
  EXPECT_EQ(client.close_code(), 1000);
  const auto session = handler.session("/deaf");
  ASSERT_TRUE(session);
  EXPECT_TRUE(eventually([&] { return !session->send("x").has_value(); }));
  EXPECT_EQ(session->send("x").error().code, ErrorCode::cancelled);
  handler.told = true;
  EXPECT_EQ(handler.ending(), std::nullopt);
}

TEST(WebSocketSession, CutsAClientThatDoesNotReadAndOthersDoNotNotice) {
  WebSocketSettings settings;
  settings.queue_bytes = 100'000;
  settings.close_timeout = 300ms;
  SessionHandler handler(settings);
  ServerThread server(handler);
  WebSocketClient other(server.port());
  FrameClient slow(server.port(), "/flood", 4096);
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(other.send(std::to_string(i)));
    EXPECT_EQ(other.receive(), std::to_string(i));
  }
  ASSERT_TRUE(eventually([&] { return handler.sent_after_end != ErrorCode::internal; }, 20s));
  EXPECT_EQ(handler.flood_end, ErrorCode::busy);
  EXPECT_EQ(handler.sent_after_end, ErrorCode::cancelled);
  EXPECT_LE(handler.most_queued, settings.queue_bytes);
  EXPECT_LT(handler.flood_parts, 1500);
  EXPECT_EQ(handler.ending(), ErrorCode::cancelled);
  EXPECT_TRUE(eventually([&] { return server.server().connections() == 1; }));
  ASSERT_TRUE(other.send("still here"));
  EXPECT_EQ(other.receive(), "still here");
}

TEST(WebSocketSession, ASlowClientThatReadsAfterAllIsToldWhyItWasCut) {
  WebSocketSettings settings;
  settings.queue_bytes = 100'000;
  SessionHandler handler(settings);
  ServerThread server(handler);
  FrameClient slow(server.port(), "/flood", 4096);
  ASSERT_TRUE(eventually([&] { return handler.flood_end == ErrorCode::busy; }, 20s));
  EXPECT_EQ(slow.close_code(), 1013);
}

TEST(WebSocketSession, AMessageOverTheQueueOrNotUtf8CostsTheSessionNothing) {
  WebSocketSettings settings;
  settings.queue_bytes = 100;
  SessionHandler handler(settings);
  ServerThread server(handler);
  WebSocketClient client(server.port());
  const auto session = handler.session("/");
  ASSERT_TRUE(session);
  EXPECT_EQ(session->send(std::string(101, 'x')).error().code, ErrorCode::too_large);
  EXPECT_EQ(session->send("\xC3").error().code, ErrorCode::invalid_argument);
  EXPECT_TRUE(session->send(std::string(100, 'x')));
  EXPECT_EQ(client.receive(), std::string(100, 'x'));
}

TEST(WebSocketSession, KeepsTheOrderOfEachThreadThatSends) {
  SessionHandler handler;
  ServerThread server(handler);
  WebSocketClient client(server.port());
  const auto session = handler.session("/");
  ASSERT_TRUE(session);
  constexpr int kThreads = 4;
  constexpr int kMessages = 500;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&session, thread] {
      for (int i = 0; i < kMessages; ++i) EXPECT_TRUE(session->send(std::to_string(thread) + ":" + std::to_string(i)));
    });
  }
  std::vector<int> next(kThreads, 0);
  for (int i = 0; i < kThreads * kMessages; ++i) {
    const auto text = client.receive();
    ASSERT_TRUE(text);
    auto& expected = next[static_cast<std::size_t>(std::stoi(*text))];
    EXPECT_EQ(text->substr(2), std::to_string(expected++));
  }
  for (auto& thread : threads) thread.join();
}

TEST(WebSocketSession, Serves200SessionsAtOnce) {
  SessionHandler handler;
  ServerThread server(handler);
  std::vector<std::unique_ptr<WebSocketClient>> clients;
  for (int i = 0; i < 200; ++i) clients.push_back(std::make_unique<WebSocketClient>(server.port()));
  for (int round = 0; round < 5; ++round) {
    for (std::size_t i = 0; i < clients.size(); ++i)
      ASSERT_TRUE(clients[i]->send(std::to_string(i) + "/" + std::to_string(round)));
    for (std::size_t i = 0; i < clients.size(); ++i)
      EXPECT_EQ(clients[i]->receive(), std::to_string(i) + "/" + std::to_string(round));
  }
  EXPECT_EQ(server.server().connections(), 200U);
  clients.resize(100);
  EXPECT_TRUE(eventually([&] { return server.server().connections() == 100; }));
}

TEST(WebSocketSession, AServerThatStopsSaysSo) {
  SessionHandler handler;
  ServerThread server(handler);
  WebSocketClient client(server.port());
  ASSERT_TRUE(client.send("x"));
  EXPECT_EQ(client.receive(), "x");
  std::thread reader([&client] { EXPECT_EQ(client.receive(), std::nullopt); });
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_TRUE(server.stop(5s));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 3s);
  reader.join();
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(client.close_code(), 1001);
  EXPECT_EQ(client.close_reason(), "The server is stopping.");
  EXPECT_EQ(handler.ending(), ErrorCode::cancelled);
}

TEST(WebSocketSession, AServerThatStopsOpensNoMore) {
  SessionHandler handler;
  ServerThread server(handler);
  RawClient client(server.port());
  client.send(handshake("/late"));
  EXPECT_TRUE(eventually([&] { return server.server().connections() == 1; }));
  auto stopped = asio::co_spawn(server.context(), server.server().stop(5s), asio::use_future);
  std::this_thread::sleep_for(50ms);
  handler.told = true;
  EXPECT_EQ(client.response().status, 503);
  EXPECT_TRUE(stopped.get());
  EXPECT_EQ(handler.refused, ErrorCode::unavailable);
}

TEST(WebSocketSession, AServerThatStopsDoesNotWaitForADeadClientBeyondItsGrace) {
  SessionHandler handler;
  ServerThread server(handler);
  FrameClient client(server.port());
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_TRUE(server.stop(100ms));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
  EXPECT_EQ(client.close_code(), 1001);
  EXPECT_EQ(handler.ending(), ErrorCode::cancelled);
}

TEST(WebSocketSession, AClientThatVanishesEndsIt) {
  SessionHandler handler;
  ServerThread server(handler);
  WebSocketClient client(server.port());
  ASSERT_TRUE(client.send("x"));
  EXPECT_EQ(client.receive(), "x");
  client.vanish();
  EXPECT_EQ(handler.ending(), ErrorCode::cancelled);
  FrameClient half(server.port());
  half.send(masked_frame(Opcode::text, "half a message", false));
  half.raw().close();
  EXPECT_EQ(handler.ending(), ErrorCode::cancelled);
  EXPECT_TRUE(eventually([&] { return server.server().connections() == 0; }));
}

TEST(WebSocketSession, ClosingSendsFirstWhatWaits) {
  SessionHandler handler;
  ServerThread server(handler);
  WebSocketClient client(server.port());
  const auto session = handler.session("/");
  ASSERT_TRUE(session);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(session->send(std::to_string(i)));
  session->close(static_cast<WebSocketClose>(4001), "good night" + std::string(200, '!'));
  EXPECT_EQ(session->send("late").error().code, ErrorCode::cancelled);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(client.receive(), std::to_string(i));
  EXPECT_EQ(client.receive(), std::nullopt);
  EXPECT_EQ(client.close_code(), 4001);
  EXPECT_EQ(client.close_reason(), "good night" + std::string(113, '!'));
  EXPECT_EQ(handler.ending(), ErrorCode::cancelled);
}

TEST(WebSocketSession, AClientThatDoesNotAnswerTheCloseIsLeft) {
  WebSocketSettings settings;
  settings.close_timeout = 100ms;
  SessionHandler handler(settings);
  ServerThread server(handler);
  FrameClient client(server.port());
  handler.session("/")->close(WebSocketClose::policy);
  EXPECT_EQ(client.close_code(), 1008);
  EXPECT_TRUE(eventually([&] { return server.server().connections() == 0; }, 2s));
  EXPECT_EQ(client.frame(), std::nullopt);
  EXPECT_TRUE(client.raw().ended());
}

TEST(WebSocketSession, ABreachBehindAMessageThatNobodyReadsDoesNotKeepTheConnection) {
  WebSocketSettings settings;
  settings.close_timeout = 100ms;
  SessionHandler handler(settings);
  ServerThread server(handler);
  FrameClient client(server.port(), "/quiet", 4096);
  const auto session = handler.session("/quiet");
  ASSERT_TRUE(session);
  for (int i = 0; i < 16; ++i) ASSERT_TRUE(session->send(std::string(64'000, 'x')));
  client.send(unmasked_frame(Opcode::text, "x"));
  std::this_thread::sleep_for(20ms);
  EXPECT_GT(session->queued_bytes(), 0U);
  session->close(WebSocketClose::policy);
  EXPECT_EQ(handler.ending(), ErrorCode::cancelled);
  EXPECT_TRUE(eventually([&] { return server.server().connections() == 0; }));
  EXPECT_EQ(session->queued_bytes(), 0U);
}

TEST(WebSocketSession, CancelEndsItWithoutAWord) {
  SessionHandler handler;
  ServerThread server(handler);
  FrameClient client(server.port());
  handler.session("/")->cancel();
  EXPECT_EQ(handler.ending(), ErrorCode::cancelled);
  EXPECT_EQ(client.frame(), std::nullopt);
  EXPECT_TRUE(client.raw().ended());
}

TEST(WebSocketSession, EndsWithItsHandler) {
  SessionHandler handler;
  ServerThread server(handler);
  WebSocketClient returned(server.port(), {.target = "/return"});
  EXPECT_EQ(returned.receive(), std::nullopt);
  EXPECT_EQ(returned.close_code(), 1000);
  WebSocketClient thrown(server.port(), {.target = "/throw"});
  EXPECT_EQ(thrown.receive(), std::nullopt);
  EXPECT_EQ(thrown.close_code(), 1011);
  // A session that somebody else still holds ends too.
  WebSocketClient held(server.port(), {.target = "/deaf"});
  const auto session = handler.session("/deaf");
  ASSERT_TRUE(session);
  handler.told = true;
  ASSERT_TRUE(held.close());
  EXPECT_TRUE(eventually([&] { return server.server().connections() == 0; }));
  EXPECT_EQ(session->send("x").error().code, ErrorCode::cancelled);
}

TEST(WebSocketSession, OutlivesTheTimeoutsOfRequests) {
  HttpLimits limits;
  limits.idle = limits.header = limits.body = limits.write = 50ms;
  SessionHandler handler;
  ServerThread server(handler, limits);
  WebSocketClient client(server.port());
  for (int i = 0; i < 4; ++i) {
    std::this_thread::sleep_for(120ms);
    ASSERT_TRUE(client.send("x"));
    EXPECT_EQ(client.receive(), "x");
  }
}

TEST(WebSocketSession, EveryWayToEndAtOnceLeavesNothingBehind) {
  WebSocketSettings settings;
  settings.ping_interval = 5ms;
  settings.ping_timeout = 20ms;
  settings.close_timeout = 100ms;
  settings.queue_bytes = 40'000;
  SessionHandler handler(settings);
  ServerThread server(handler);
  const auto play = [&](unsigned seed) {
    std::minstd_rand random(seed);
    for (int round = 0; round < 50; ++round) {
      const auto path = "/" + std::to_string(seed) + "/" + std::to_string(round);
      FrameClient client(server.port(), path, 4096);
      const auto session = handler.session(path);
      if (!session) continue;  // its deadline came first
      for (int step = 0; step < 5; ++step) {
        switch (random() % 10) {
          case 0: session->close(WebSocketClose::policy, "over"); break;
          case 1: session->cancel(); break;
          case 2: client.send(masked_frame(Opcode::close, "\x03\xE8")); break;
          case 3: client.send(unmasked_frame(Opcode::text, "x")); break;
          case 4: client.send(masked_frame(Opcode::text, "half", false)); break;
          case 5: client.send(masked_frame(Opcode::binary, "x")); break;
          case 6: client.raw().end_sending(); break;
          case 7: client.frame(3ms); break;
          default:
            for (int i = 0; i < 10; ++i) (void)session->send(std::string(random() % 9000, 'x'));
        }
      }
    }
  };
  std::vector<std::thread> players;
  for (unsigned seed = 1; seed <= 4; ++seed) players.emplace_back(play, seed);
  for (auto& player : players) player.join();
  EXPECT_TRUE(eventually([&] { return server.server().connections() == 0; }));
}

asio::awaitable<Result<void>> drain(std::shared_ptr<WebSocketSession> session) {
  co_return co_await session->drained();
}

TEST(WebSocketSession, TellsWhenAllIsSent) {
  SessionHandler handler;
  ServerThread server(handler);
  FrameClient client(server.port(), "/quiet", 4096);
  const auto session = handler.session("/quiet");
  ASSERT_TRUE(session);
  // More than the kernel takes at once.
  for (int i = 0; i < 14; ++i) ASSERT_TRUE(session->send(std::string(60'000, 'x')));
  auto drained = asio::co_spawn(server.context(), drain(session), asio::use_future);
  std::size_t received = 0;
  for (int i = 0; i < 14; ++i) received += client.frame().value_or(ServerFrame()).content.size();
  EXPECT_EQ(received, 14U * 60'000);
  ASSERT_EQ(drained.wait_for(5s), std::future_status::ready);
  EXPECT_TRUE(drained.get());
  EXPECT_EQ(session->queued_bytes(), 0U);
  session->cancel();
  EXPECT_EQ(handler.ending(), ErrorCode::cancelled);
  EXPECT_EQ(asio::co_spawn(server.context(), drain(session), asio::use_future).get().error().code, ErrorCode::cancelled);
}

TEST(WebSocketSession, CompressesWhenAskedTo) {
  WebSocketSettings settings;
  settings.deflate = true;
  SessionHandler handler(settings);
  ServerThread server(handler);
  WebSocketClient client(server.port(), {.target = "/measure", .deflate = true});
  EXPECT_NE(client.header("Sec-WebSocket-Extensions").find("permessage-deflate"), std::string::npos);
  // Sizes at and about those of buffers: a message that fills one is where Beast stumbles.
  for (const std::size_t size : {1U, 255U, 256U, 1536U, 4096U, 50'000U, 50'001U, 50'176U, 65'535U, 65'536U}) {
    ASSERT_TRUE(client.send(std::string(size, 'x')));
    EXPECT_EQ(client.receive(), std::to_string(size) + "x");
  }
  // A few KiB that would unpack to a hundred times the limit.
  client.send(std::string(6'400'000, 'x'));
  EXPECT_EQ(client.receive(), std::nullopt);
  EXPECT_EQ(client.close_code(), 1009);
  EXPECT_EQ(handler.ending(), ErrorCode::too_large);
}

#ifdef GIBSEY_COUNTS_MEMORY
TEST(WebSocketSession, AnIdleOneHoldsLessThan16KiB) {
  SessionHandler handler;
  ServerThread server(handler);
  constexpr int kSessions = 400;
  std::vector<std::unique_ptr<RawClient>> clients;
  const auto open = [&] {
    clients.push_back(std::make_unique<RawClient>(server.port()));
    clients.back()->send(handshake("/") + masked_frame(Opcode::text, "hello"));
    ASSERT_NE(clients.back()->receive_until("hello").find("101"), std::string::npos);
  };
  for (int i = 0; i < 50; ++i) open();
  const auto before = __sanitizer_get_current_allocated_bytes();
  for (int i = 0; i < kSessions; ++i) open();
  const auto each = (__sanitizer_get_current_allocated_bytes() - before) / kSessions;
  RecordProperty("bytes_each", static_cast<int>(each));
  EXPECT_LT(each, 16U * 1024);
}
#endif

}  // namespace
}  // namespace gibsey::net
