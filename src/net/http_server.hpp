#pragma once
#include "net/http_handler.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace gibsey::net {

struct HttpLimits {
  std::size_t header_bytes = 16 * 1024;      ///< request line and fields together; more is 431 (414 for the line alone)
  std::size_t connections = 16'000;          ///< one more is answered 503 and closed
  std::chrono::milliseconds idle{75'000};    ///< between two requests
  std::chrono::milliseconds header{10'000};  ///< from a request's first byte to the end of its head
  std::chrono::milliseconds body{30'000};    ///< for each 64 KiB of a body, or its rest
  std::chrono::milliseconds write{30'000};   ///< without the client taking a byte
};

/// An HTTP/1.1 server: one coroutine a connection, each on a strand of `executor`. Requests that RFC 9112 leaves room to misread
/// (two lengths, bare line feeds, folded fields, spaces before a colon ...) are refused and their connection closed.
class HttpServer {
 public:
  /// `handler` must outlive the server and stop().
  HttpServer(boost::asio::any_io_executor executor, HttpHandler& handler, HttpLimits limits = {});
  /// Closes everything at once; call stop() first for a clean end.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// Binds and accepts from now on; any number of addresses. Port 0 lets the system choose; answers the real port. Errors:
  /// invalid_argument (not an IP address or "localhost"), conflict (port in use), forbidden, unavailable.
  Result<std::uint16_t> listen(const std::string& address, std::uint16_t port);

  /// Accepts no more, closes idle connections, lets running requests finish for `grace`, then closes their sockets. Completes
  /// when the last connection is gone, on the caller's executor; false when one was still busy 5 s after its socket was closed.
  boost::asio::awaitable<bool> stop(std::chrono::milliseconds grace);

  [[nodiscard]] std::size_t connections() const;

  class State;

 private:
  std::shared_ptr<State> state_;
};

}  // namespace gibsey::net
