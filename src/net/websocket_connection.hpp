#pragma once
#include "net/http_message.hpp"
#include "net/outgoing_queue.hpp"
#include "net/timeout.hpp"
#include "net/websocket_handshake.hpp"
#include "net/websocket_session.hpp"
#include "net/websocket_wire.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <list>
#include <memory>
#include <optional>
#include <string>

namespace gibsey::net {

/// What WebSocketSession stands for: one connection from the handshake to the closed socket. Beast's stream speaks the protocol;
/// this reads all the time, writes one message after the other, pings, and sees to it that every end is one within a time. It
/// keeps itself alive while an operation is under way. All but send(), close(), cancel() and queued_bytes() on the socket's
/// executor, a strand.
class WebSocketConnection : public std::enable_shared_from_this<WebSocketConnection> {
 public:
  using Ptr = std::shared_ptr<WebSocketConnection>;
  using Message = Result<std::optional<std::string>>;
  template <typename T>
  using Awaitable = boost::asio::awaitable<T>;

  /// `early` is what has been read behind the handshake.
  WebSocketConnection(WebSocketWire::Socket socket, std::string early, WebSocketSettings settings);

  /// Answers the handshake with 101 and `headers`, and begins to read. Errors: cancelled (the client left, the server stops),
  /// deadline.
  static Awaitable<Result<void>> accept(Ptr self, WebSocketHandshake handshake, const HttpHeaders& headers);
  /// Completes when the socket is closed. Close first; accept() must have completed.
  static Awaitable<void> gone(Ptr self);

  // As in WebSocketSession.
  static Awaitable<Message> read(Ptr self);
  static Awaitable<Result<void>> drained(Ptr self);
  Result<void> send(std::string text);
  void close(WebSocketClose code, std::string reason);
  void cancel(std::string why);
  [[nodiscard]] std::size_t queued_bytes() const { return queue_.bytes(); }

 private:
  using IoError = boost::system::error_code;

  static Awaitable<Result<void>> drained_on_strand(Ptr self);
  void read_some();
  void on_read(IoError error);
  void take_message();
  [[nodiscard]] bool has_room() const;
  void on_reading_ended(IoError error);
  void write_next();
  void on_written(IoError error);
  void on_time();
  void keep_alive();
  void ping();
  void close_on_strand(WebSocketClose code, std::string reason, Error why);
  void send_close_frame();
  /// The session's outcome, if it has none yet: read() gives it after the messages before it.
  void end(Message outcome);
  /// Ends the session and the connection at once.
  void lose_connection(Error why);
  /// Goes on with the end: once nothing else reads, the rest of the client's bytes is drained, then the connection finished.
  void settle();
  void drain();
  void finish();
  void wake() { wake_.cancel(); }

  const WebSocketSettings settings_;
  const boost::asio::any_io_executor strand_;
  std::optional<boost::beast::websocket::stream<WebSocketWire>> stream_;  ///< none when the connection is gone
  OutgoingQueue queue_;
  std::optional<Timeout> timeout_;  ///< of the handshake, the ping, the pong or the end; none when the connection is gone
  boost::asio::steady_timer wake_;  ///< never expires; cancelled when something has changed for those who wait

  std::list<std::string> incoming_;  ///< whole messages that read() has not asked for yet
  std::size_t incoming_bytes_ = 0;
  std::string message_;   ///< being read
  std::string outgoing_;  ///< being written
  std::optional<Message> outcome_;
  std::optional<boost::beast::websocket::close_reason> closing_;

  bool open_ = false;  ///< the handshake is done
  bool reading_ = false;
  bool pinging_ = false;
  bool close_sent_ = false;
  bool close_under_way_ = false;
  bool draining_ = false;
  bool heard_ = false;  ///< a frame came since the last ping
  bool awaiting_pong_ = false;
};

}  // namespace gibsey::net
