#pragma once
#include "net/testing/raw_client.hpp"
#include "net/testing/websocket_frames.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace gibsey::net::testing {

/// The key of RFC 6455 section 1.3, and the fields that go with it.
inline constexpr const char* kWebSocketKey = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
inline constexpr const char* kWebSocketFields = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";

inline std::string websocket_request(const std::string& target) {
  return "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n" + kWebSocketFields + kWebSocketKey + "\r\n";
}

/// Speaks frames byte by byte where Beast's client would not let us.
class FrameClient {
 public:
  explicit FrameClient(std::uint16_t port, const std::string& target = "/", int receive_buffer = 0,
                       const std::string& behind = {})
      : client_(port, receive_buffer) {
    client_.send(websocket_request(target) + behind);
    received_ = client_.receive_until("\r\n\r\n");
    const auto end = received_.find("\r\n\r\n");
    head_ = received_.substr(0, end);
    received_.erase(0, end == std::string::npos ? end : end + 4);
  }
  bool send(std::string_view bytes) { return client_.send(bytes); }
  /// The next frame that is no ping; nullopt at the end of the stream and after `time`.
  std::optional<ServerFrame> frame(std::chrono::milliseconds time = std::chrono::seconds(5)) {
    const auto end = std::chrono::steady_clock::now() + time;
    while (true) {
      while (auto taken = take_server_frame(received_)) {
        if (taken->opcode != Opcode::ping) return taken;
        ++pings;
      }
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
      if (client_.ended() || left.count() <= 0) return std::nullopt;
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

}  // namespace gibsey::net::testing
