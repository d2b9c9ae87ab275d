#include "net/websocket_handshake.hpp"

#include <gtest/gtest.h>

namespace gibsey::net {
namespace {

const std::string kKey = "dGhlIHNhbXBsZSBub25jZQ==";

HttpRequest request_of(HttpHeaders headers) {
  HttpRequest request;
  request.method = "GET";
  request.target = "/ws";
  request.host = "localhost";
  request.headers = std::move(headers);
  return request;
}

HttpRequest good() {
  return request_of(
      {{"Upgrade", "websocket"}, {"Connection", "Upgrade"}, {"Sec-WebSocket-Version", "13"}, {"Sec-WebSocket-Key", kKey}});
}

int status_of(const HttpRequest& request) {
  const auto checked = check_websocket_handshake(request);
  if (checked) return 101;
  EXPECT_FALSE(checked.error().detail.empty());
  return checked.error().status;
}

TEST(WebSocketHandshake, TakesWhatBrowsersSend) {
  auto request = request_of({{"connection", "keep-alive, Upgrade"},
                             {"UPGRADE", "WebSocket"},
                             {"Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits"},
                             {"Sec-WebSocket-Extensions", "x-other"},
                             {"Sec-WebSocket-Version", "13"},
                             {"Sec-WebSocket-Key", kKey}});
  const auto checked = check_websocket_handshake(request);
  ASSERT_TRUE(checked);
  EXPECT_EQ(checked->host, "localhost");
  EXPECT_EQ(checked->key, kKey);
  EXPECT_EQ(checked->extensions, "permessage-deflate; client_max_window_bits, x-other");
}

TEST(WebSocketHandshake, RefusesWhatIsNoHandshakeWith400) {
  EXPECT_EQ(status_of(good()), 101);
  auto post = good();
  post.method = "POST";
  EXPECT_EQ(status_of(post), 400);
  auto old = good();
  old.minor_version = 0;
  EXPECT_EQ(status_of(old), 400);
  auto body = good();
  body.body = "x";
  EXPECT_EQ(status_of(body), 400);
  auto second_key = good();
  second_key.headers.add("Sec-WebSocket-Key", kKey);
  EXPECT_EQ(status_of(second_key), 400);
  for (const std::string key : {"", "short", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZQ===", "dGhlIHNhbXBs!SBub25jZQ==",
                                "dGhlIHNhbXBsZSBub25jZTEy"}) {
    EXPECT_EQ(
        status_of(request_of(
            {{"Upgrade", "websocket"}, {"Connection", "Upgrade"}, {"Sec-WebSocket-Version", "13"}, {"Sec-WebSocket-Key", key}})),
        400)
        << key;
  }
  EXPECT_EQ(status_of(request_of({{"Upgrade", "websocket"}, {"Connection", "Upgrade"}, {"Sec-WebSocket-Version", "13"}})), 400);
}

TEST(WebSocketHandshake, AsksForTheUpgradeAndTheVersionWith426) {
  EXPECT_EQ(status_of(request_of({})), 426);
  EXPECT_EQ(status_of(request_of(
                {{"Upgrade", "h2c"}, {"Connection", "Upgrade"}, {"Sec-WebSocket-Version", "13"}, {"Sec-WebSocket-Key", kKey}})),
            426);
  EXPECT_EQ(status_of(request_of({{"Upgrade", "websocket"},
                                  {"Connection", "keep-alive"},
                                  {"Sec-WebSocket-Version", "13"},
                                  {"Sec-WebSocket-Key", kKey}})),
            426);
  EXPECT_EQ(status_of(request_of({{"Upgrade", "websocket"}, {"Connection", "Upgrade"}, {"Sec-WebSocket-Key", kKey}})), 426);
  for (const std::string version : {"8", "14", "13, 8", ""}) {
    EXPECT_EQ(status_of(request_of({{"Upgrade", "websocket"},
                                    {"Connection", "Upgrade"},
                                    {"Sec-WebSocket-Version", version},
                                    {"Sec-WebSocket-Key", kKey}})),
              426)
        << version;
  }
}

}  // namespace
}  // namespace gibsey::net
