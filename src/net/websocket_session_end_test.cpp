#include "net/testing/frame_client.hpp"
#include "net/testing/server_thread.hpp"
#include "net/testing/session_handler.hpp"
#include "net/testing/websocket_client.hpp"
#include "net/websocket_session.hpp"

#include <gtest/gtest.h>

#include <random>
#include <thread>
#include <vector>

namespace gibsey::net {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using namespace testing;

TEST(WebSocketSessionEnd, PingsAreSentAndPongsHonoured) {
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

TEST(WebSocketSessionEnd, WithoutAPongItEnds) {
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

TEST(WebSocketSessionEnd, AnyFrameIsASignOfLife) {
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

TEST(WebSocketSessionEnd, PongsCountWhileNobodyReadsAndAClientIsNotBlamedForThat) {
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

TEST(WebSocketSessionEnd, NoticesAClosedSessionWhileNobodyReads) {
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

TEST(WebSocketSessionEnd, CutsAClientThatDoesNotReadAndOthersDoNotNotice) {
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

TEST(WebSocketSessionEnd, ASlowClientThatReadsAfterAllIsToldWhyItWasCut) {
  WebSocketSettings settings;
  settings.queue_bytes = 100'000;
  SessionHandler handler(settings);
  ServerThread server(handler);
  FrameClient slow(server.port(), "/flood", 4096);
  ASSERT_TRUE(eventually([&] { return handler.flood_end == ErrorCode::busy; }, 20s));
  EXPECT_EQ(slow.close_code(), 1013);
}

TEST(WebSocketSessionEnd, AServerThatStopsSaysSo) {
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

TEST(WebSocketSessionEnd, AServerThatStopsOpensNoMore) {
  SessionHandler handler;
  ServerThread server(handler);
  RawClient client(server.port());
  client.send(websocket_request("/late"));
  EXPECT_TRUE(eventually([&] { return server.server().connections() == 1; }));
  auto stopped = asio::co_spawn(server.context(), server.server().stop(5s), asio::use_future);
  std::this_thread::sleep_for(50ms);
  handler.told = true;
  EXPECT_EQ(client.response().status, 503);
  EXPECT_TRUE(stopped.get());
  EXPECT_EQ(handler.refused, ErrorCode::unavailable);
}

TEST(WebSocketSessionEnd, AServerThatStopsDoesNotWaitForADeadClientBeyondItsGrace) {
  SessionHandler handler;
  ServerThread server(handler);
  FrameClient client(server.port());
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_TRUE(server.stop(100ms));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
  EXPECT_EQ(client.close_code(), 1001);
  EXPECT_EQ(handler.ending(), ErrorCode::cancelled);
}

TEST(WebSocketSessionEnd, AClientThatVanishesEndsIt) {
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

TEST(WebSocketSessionEnd, ClosingSendsFirstWhatWaits) {
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

TEST(WebSocketSessionEnd, AClientThatDoesNotAnswerTheCloseIsLeft) {
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

TEST(WebSocketSessionEnd, ABreachBehindAMessageThatNobodyReadsDoesNotKeepTheConnection) {
  WebSocketSettings settings;
  settings.close_timeout = 100ms;
  settings.queue_bytes = 20'000'000;
  SessionHandler handler(settings);
  ServerThread server(handler);
  FrameClient client(server.port(), "/quiet", 4096);
  const auto session = handler.session("/quiet");
  ASSERT_TRUE(session);
  ASSERT_TRUE(session->send(std::string(20'000'000, 'x')));  // more than any kernel takes
  client.send(unmasked_frame(Opcode::text, "x"));
  std::this_thread::sleep_for(20ms);
  EXPECT_GT(session->queued_bytes(), 0U);
  session->close(WebSocketClose::policy);
  EXPECT_EQ(handler.ending(), ErrorCode::cancelled);
  EXPECT_TRUE(eventually([&] { return server.server().connections() == 0; }));
  EXPECT_EQ(session->queued_bytes(), 0U);
}

TEST(WebSocketSessionEnd, CancelEndsItWithoutAWord) {
  SessionHandler handler;
  ServerThread server(handler);
  FrameClient client(server.port());
  handler.session("/")->cancel();
  EXPECT_EQ(handler.ending(), ErrorCode::cancelled);
  EXPECT_EQ(client.frame(), std::nullopt);
  EXPECT_TRUE(client.raw().ended());
}

TEST(WebSocketSessionEnd, EndsWithItsHandler) {
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

TEST(WebSocketSessionEnd, EveryWayToEndAtOnceLeavesNothingBehind) {
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

}  // namespace
}  // namespace gibsey::net
