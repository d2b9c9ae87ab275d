#pragma once
#include "net/http_message.hpp"
#include "net/websocket_session.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace gibsey::net {

/// The answer to one request: either send() once, or begin_stream(), any number of write(), end_stream(), or accept_websocket().
/// Valid until the handler returns; used from the connection's executor, on which the handler runs, by one coroutine at a time.
class HttpExchange {
 public:
  using Written = boost::asio::awaitable<Result<void>>;
  virtual ~HttpExchange() = default;

  /// A field for whatever answer follows.
  virtual void add_header(std::string name, std::string value) = 0;

  /// The whole answer. Errors: cancelled (the client left), deadline (it took nothing for the write time allowed).
  virtual Written send(HttpResponse response) = 0;

  /// Status line and fields go out at once; the body follows by write(). Errors as send().
  virtual Written begin_stream(int status, HttpHeaders headers) = 0;
  /// Waits until the kernel has taken all of `bytes`, which must live until then: a slow reader costs one write's memory,
  /// and is cut after the write time allowed. Errors as send(); every later call gives the same error.
  virtual Written write(std::string_view bytes) = 0;
  virtual Written end_stream() = 0;

  /// During a stream: calls `callback`, once and on the connection's executor, when the client has closed its side or the
  /// server stops waiting for this connection. Callable after begin_stream; dropped when the handler returns.
  virtual void on_client_left(std::function<void()> callback) = 0;

  /// Makes the connection a WebSocket: 101 goes out with the fields of add_header(), and no subprotocol. The session ends when
  /// the handler returns (1000, or 1011 after an exception) at the latest, and the connection with it. A request that is no
  /// proper handshake has been answered with HttpHandler::refusal() (400, 426; 503 when the server stops) when this gives
  /// invalid_argument (unavailable). Other errors as send().
  virtual boost::asio::awaitable<Result<std::unique_ptr<WebSocketSession>>> accept_websocket(const HttpRequest& request,
                                                                                             WebSocketSettings settings) = 0;

  /// 0 before an answer has begun.
  [[nodiscard]] virtual int status() const = 0;
};

/// What to do with a request whose head has been read.
struct Admission {
  std::size_t body_limit = 0;           ///< a longer body is refused with 413
  std::optional<HttpResponse> refusal;  ///< sent at once, the body is not read
};

/// What a server serves. Shared by all connections, called from all their executors.
class HttpHandler {
 public:
  virtual ~HttpHandler() = default;

  /// Called with the head alone, before the body is asked for. Must be quick and must not block.
  virtual Admission admit(const HttpRequest& head) = 0;
  /// Answers through `exchange`. An exception becomes a 500; an answer that is missing becomes one too.
  virtual boost::asio::awaitable<void> answer(HttpRequest request, HttpExchange& exchange) = 0;
  /// The body of an answer that the server itself gives (400, 408, 413, 414, 417, 426, 431, 500, 501, 503, 505). `head` holds
  /// what was understood of the request, maybe nothing. `detail` is one plain sentence.
  virtual HttpResponse refusal(const HttpRequest& head, int status, std::string_view detail) = 0;
};

}  // namespace gibsey::net
