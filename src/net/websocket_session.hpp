#pragma once
#include "base/result.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace gibsey::net {

class WebSocketConnection;

struct WebSocketSettings {
  std::size_t message_limit = 64 * 1024;  ///< bytes of a client's message; a larger one ends the session with 1009
  std::size_t read_ahead = 16;            ///< messages (or message_limit bytes) that wait for read(); then reading pauses
  std::size_t queue_bytes = 1024 * 1024;  ///< that may wait to be written; past it the client is cut with 1013
  std::size_t queue_messages = 4096;      ///< the same
  std::chrono::milliseconds ping_interval{30'000};  ///< 0: no pings, and a client that vanished is noticed by TCP alone
  std::chrono::milliseconds ping_timeout{10'000};   ///< for any frame to come after a ping
  std::chrono::milliseconds close_timeout{
      5'000};            ///< for writing what waits and the closing handshake, then the socket is closed
  bool deflate = false;  ///< permessage-deflate, if the client offers it; message_limit and some 300 KiB of memory a session
};

/// Codes of RFC 6455 section 7.4.1; an application's own are 4000 to 4999.
enum class WebSocketClose : std::uint16_t {
  normal = 1000,
  going_away = 1001,
  protocol_error = 1002,
  unsupported_message = 1003,
  invalid_text = 1007,
  policy = 1008,
  too_large = 1009,
  internal_error = 1011,
  try_again_later = 1013,
};

/// One client's WebSocket. Frames are read all the time, whether or not read() is waiting (until read_ahead is full), so that
/// pings are answered and a client that left is noticed. Destroying it closes the session: 1000, or 1011 while an exception
/// unwinds. It must not outlive the server's executor.
class WebSocketSession {
 public:
  template <typename T>
  using Awaitable = boost::asio::awaitable<T>;

  /// For HttpConnection alone: HttpExchange::accept_websocket gives sessions.
  explicit WebSocketSession(std::shared_ptr<WebSocketConnection> connection);
  ~WebSocketSession();
  WebSocketSession(const WebSocketSession&) = delete;
  WebSocketSession& operator=(const WebSocketSession&) = delete;

  /// The next whole text message; nullopt when the client has closed the session properly. What came before the end is given
  /// first; after it every call answers the same. By one coroutine at a time, on the executor of the exchange (where the handler
  /// runs). Errors: cancelled (connection lost, closed from here, server stopping, client cut), deadline (no frame after a ping),
  /// too_large (message over the limit), invalid_argument (binary message, text that is not UTF-8, a breach of the protocol).
  Awaitable<Result<std::optional<std::string>>> read();

  /// Queues a text message and returns at once. Messages go out in the order of the calls. From any thread. Errors: busy (the
  /// client does not take what is sent: what waited is dropped and the session ends), cancelled (the session is over or ending),
  /// too_large (larger than the whole queue may be), invalid_argument (not UTF-8); the last two leave the session as it is.
  Result<void> send(std::string text);

  /// Waits until all that was queued has been handed to the kernel. On any executor. Errors: cancelled (the session is over).
  Awaitable<Result<void>> drained();

  /// Ends the session after what is queued: close frame, the client's answer, end of the connection. `reason` is cut to 123
  /// bytes. The first call counts. From any thread.
  void close(WebSocketClose code, std::string reason = {});

  /// Ends the session at once, without a word; read() gives cancelled. From any thread.
  void cancel();

  /// Bytes that wait to be written. From any thread.
  [[nodiscard]] std::size_t queued_bytes() const;

 private:
  std::shared_ptr<WebSocketConnection> connection_;
};

}  // namespace gibsey::net
