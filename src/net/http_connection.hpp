#pragma once
#include "net/http_parser.hpp"
#include "net/http_server.hpp"
#include "net/timeout.hpp"
#include "net/websocket_session.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace gibsey::net {

/// One client's connection: reads requests, has them answered, one after the other. Lives on the socket's executor, a strand;
/// used by HttpServer alone.
class HttpConnection : public HttpExchange, public std::enable_shared_from_this<HttpConnection> {
 public:
  using Socket = boost::asio::ip::tcp::socket;
  template <typename T>
  using Awaitable = boost::asio::awaitable<T>;

  HttpConnection(Socket socket, HttpHandler& handler, const HttpLimits& limits);

  /// Serves until the connection is closed, and closes it. Never throws.
  Awaitable<void> run();
  /// Says 503 and closes: the server has as many connections as it may.
  Awaitable<void> refuse_overload();

  /// From any thread. The request being answered is the last one; a connection without one is closed.
  void finish();
  /// From any thread. Closes the socket under whatever is going on.
  void abort();

  void add_header(std::string name, std::string value) override { extra_headers_.add(std::move(name), std::move(value)); }
  Written send(HttpResponse response) override;
  Written begin_stream(int status, HttpHeaders headers) override;
  Written write(std::string_view bytes) override;
  Written end_stream() override;
  void on_client_left(std::function<void()> callback) override;
  Awaitable<Result<std::unique_ptr<WebSocketSession>>> accept_websocket(const HttpRequest& request,
                                                                        WebSocketSettings settings) override;
  [[nodiscard]] int status() const override { return status_; }

 private:
  /// Whether the connection can take another request.
  Awaitable<bool> serve_one();
  /// nullopt when the connection is over; what was refused has been answered then.
  Awaitable<std::optional<RequestHead>> read_head();
  Awaitable<bool> read_body(RequestHead& head, std::size_t limit);
  Awaitable<bool> read_fixed_body(HttpRequest& request, std::uint64_t length);
  Awaitable<bool> read_chunked_body(HttpRequest& request, std::size_t limit);
  Awaitable<void> answer(HttpRequest request);
  Awaitable<void> refuse(const HttpRequest& head, ParseFailure failure);
  /// The rest of a connection that has become a WebSocket, once its handler has returned.
  Awaitable<void> end_websocket(bool failed);
  /// Appends what arrives to received_; false at the end of the stream, on an error and on a timeout.
  Awaitable<bool> read_more(std::size_t at_most);
  Written write_all(std::string_view bytes);
  /// What the kernel takes at once: a token goes out without a way through the scheduler.
  [[nodiscard]] std::size_t write_now(std::string_view bytes);
  [[nodiscard]] std::string response_head(int status, const HttpHeaders& headers, std::optional<std::size_t> length) const;
  Awaitable<void> close();
  void watch_client();
  void client_left();

  Socket socket_;
  const boost::asio::any_io_executor executor_;
  HttpHandler& handler_;
  const HttpLimits limits_;
  Timeout timeout_;
  std::string received_;  ///< bytes that no request has used yet
  std::string outgoing_;

  // Of the request being answered.
  HttpHeaders extra_headers_;
  int status_ = 0;
  int minor_version_ = 1;
  bool head_only_ = false;
  bool keep_alive_ = true;
  bool streaming_ = false;
  std::optional<Error> write_failure_;
  std::function<void()> left_callback_;
  std::uint64_t watch_ = 0;  ///< number of the client watch; an older one is no longer wanted
  bool watching_ = false;
  std::shared_ptr<WebSocketConnection> websocket_;  ///< has the socket from then on

  bool unread_input_ = false;  ///< the client may still be sending: close so that it can read the answer first
  bool finishing_ = false;
  bool waiting_for_request_ = false;
};

}  // namespace gibsey::net
