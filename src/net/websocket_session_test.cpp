#include "net/websocket_session.hpp"

#include "net/testing/frame_client.hpp"
#include "net/testing/server_thread.hpp"
#include "net/testing/session_handler.hpp"
#include "net/testing/websocket_client.hpp"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <thread>
#include <vector>

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
using namespace testing;

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
  EXPECT_EQ(ask("GET / HTTP/1.1", kWebSocketFields).status, 400);
  EXPECT_EQ(ask("GET / HTTP/1.0", std::string(kWebSocketFields) + kWebSocketKey).status, 400);
  EXPECT_EQ(ask("POST / HTTP/1.1", std::string(kWebSocketFields) + kWebSocketKey).status, 400);
  EXPECT_EQ(ask("HEAD / HTTP/1.1", std::string(kWebSocketFields) + kWebSocketKey).status, 400);
  EXPECT_EQ(handler.refused, ErrorCode::invalid_argument);
  const auto plain = ask("GET / HTTP/1.1", "");
  EXPECT_EQ(plain.status, 426);
  EXPECT_EQ(plain.header("Upgrade"), "websocket");
  const auto version = ask(
      "GET / HTTP/1.1", std::string("Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 8\r\n") + kWebSocketKey);
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
    clients.back()->send(websocket_request("/") + masked_frame(Opcode::text, "hello"));
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
