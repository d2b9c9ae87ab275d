#include "net/http_connection.hpp"

#include "base/log.hpp"
#include "net/websocket_connection.hpp"

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <utility>

namespace gibsey::net {
namespace {

namespace asio = boost::asio;
constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kHeadRead = 4 * 1024;
constexpr std::size_t kBodyRead = 64 * 1024;
constexpr std::size_t kKept = 1024;                 // of memory for what a stream writes: tokens are small, and streams many
constexpr std::size_t kDrained = 16 * 1024 * 1024;  // of a refused request, before the socket is closed
constexpr std::chrono::seconds kDrainTime{2};

bool has_body(int status) {
  return status >= 200 && status != 204 && status != 304;
}

std::string peer_address(const HttpConnection::Socket& socket) {
  boost::system::error_code error;
  const auto endpoint = socket.remote_endpoint(error);
  return error ? std::string() : endpoint.address().to_string();
}

}  // namespace

HttpConnection::HttpConnection(Socket socket, HttpHandler& handler, const HttpLimits& limits)
    : socket_(std::move(socket)),
      executor_(socket_.get_executor()),
      handler_(handler),
      limits_(limits),
      timeout_(executor_, [this] {
        boost::system::error_code ignored;
        socket_.cancel(ignored);
      }) {
  boost::system::error_code ignored;
  // Tokens are small and must not wait for the previous one's acknowledgement.
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  // For write_now; what waits is asynchronous either way.
  socket_.non_blocking(true, ignored);
}

HttpConnection::Awaitable<void> HttpConnection::run() {
  try {
    while (co_await serve_one()) {
    }
    co_await close();
  } catch (const std::exception& error) {
    log::error("a connection ended by an exception: {}", error.what());
    boost::system::error_code ignored;
    socket_.close(ignored);
  }
}

HttpConnection::Awaitable<void> HttpConnection::refuse_overload() {
  try {
    co_await refuse({}, {503, "Too many connections are open; try again in a moment."});
    co_await close();
  } catch (const std::exception& error) {
    log::error("a refused connection ended by an exception: {}", error.what());
  }
}

void HttpConnection::finish() {
  asio::post(executor_, [self = shared_from_this()] {
    self->finishing_ = true;
    boost::system::error_code ignored;
    if (self->waiting_for_request_) self->socket_.cancel(ignored);
    if (self->websocket_) self->websocket_->close(WebSocketClose::going_away, "The server is stopping.");
  });
}

void HttpConnection::abort() {
  asio::post(executor_, [self = shared_from_this()] {
    self->finishing_ = true;
    self->keep_alive_ = false;
    self->write_failure_ = Error{ErrorCode::cancelled, "The server is stopping."};
    boost::system::error_code ignored;
    self->socket_.close(ignored);
    if (self->websocket_) self->websocket_->cancel("The server is stopping.");
    self->client_left();
  });
}

HttpConnection::Awaitable<bool> HttpConnection::serve_one() {
  extra_headers_ = {};
  status_ = 0;
  minor_version_ = 1;
  head_only_ = false;
  streaming_ = false;
  auto head = co_await read_head();
  if (!head) co_return false;
  minor_version_ = head->request.minor_version;
  head_only_ = head->request.method == "HEAD";
  keep_alive_ = head->keep_alive;
  head->request.peer = peer_address(socket_);
  auto admission = handler_.admit(head->request);
  if (admission.refusal) {
    // A body that is not wanted is not read: the next request would begin somewhere behind it.
    if (head->framing.chunked || head->framing.length > 0) unread_input_ = true;
    keep_alive_ = keep_alive_ && !unread_input_;
    co_await send(*std::move(admission.refusal));
    co_return keep_alive_ && !write_failure_;
  }
  if (!co_await read_body(*head, admission.body_limit)) co_return false;
  co_await answer(std::move(head->request));
  co_return keep_alive_ && !finishing_ && !write_failure_;
}

HttpConnection::Awaitable<std::optional<RequestHead>> HttpConnection::read_head() {
  HeadScanner scanner(limits_.header_bytes);
  bool begun = !received_.empty();
  timeout_.start(begun ? limits_.header : limits_.idle);
  while (true) {
    auto end = scanner.scan(received_);
    if (!end) {
      co_await refuse({}, std::move(end).error());
      co_return std::nullopt;
    }
    if (*end) {
      timeout_.stop();
      auto head = parse_request_head(std::string_view(received_).substr(0, **end));
      received_.erase(0, **end);
      if (!head) {
        co_await refuse({}, std::move(head).error());
        co_return std::nullopt;
      }
      co_return *std::move(head);
    }
    if (finishing_ && !begun) co_return std::nullopt;
    waiting_for_request_ = !begun;
    const bool more = co_await read_more(kHeadRead);
    waiting_for_request_ = false;
    if (!more) {
      if (begun && timeout_.expired()) co_await refuse({}, {408, "The request did not arrive in time."});
      co_return std::nullopt;
    }
    if (!begun) timeout_.start(limits_.header);
    begun = true;
  }
}

HttpConnection::Awaitable<bool> HttpConnection::read_body(RequestHead& head, std::size_t limit) {
  const auto& framing = head.framing;
  if (!framing.chunked && framing.length == 0) co_return true;
  if (framing.length > limit) {
    co_await refuse(head.request, {413, fmt::format("The body is larger than {} bytes.", limit)});
    co_return false;
  }
  if (head.expects_continue && received_.empty()) {
    if (!co_await write_all("HTTP/1.1 100 Continue\r\n\r\n")) co_return false;
  }
  timeout_.start(limits_.body);
  const bool whole =
      framing.chunked ? co_await read_chunked_body(head.request, limit) : co_await read_fixed_body(head.request, framing.length);
  const bool late = timeout_.expired();
  timeout_.stop();
  if (!whole && late) co_await refuse(head.request, {408, "The body did not arrive in time."});
  co_return whole;
}

HttpConnection::Awaitable<bool> HttpConnection::read_fixed_body(HttpRequest& request, std::uint64_t length) {
  std::size_t next_start = kBodyRead;
  while (true) {
    const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(received_.size(), length - request.body.size()));
    request.body.append(received_, 0, part);
    received_.erase(0, part);
    if (request.body.size() == length) co_return true;
    if (request.body.size() >= next_start) {
      timeout_.start(limits_.body);
      next_start += kBodyRead;
    }
    if (!co_await read_more(kBodyRead)) co_return false;
  }
}

HttpConnection::Awaitable<bool> HttpConnection::read_chunked_body(HttpRequest& request, std::size_t limit) {
  ChunkedDecoder decoder(limit);
  std::size_t next_start = kBodyRead;
  while (true) {
    auto used = decoder.feed(received_, request.body);
    if (!used) {
      co_await refuse(request, std::move(used).error());
      co_return false;
    }
    received_.erase(0, *used);
    if (decoder.done()) co_return true;
    if (request.body.size() >= next_start) {
      timeout_.start(limits_.body);
      next_start += kBodyRead;
    }
    if (!co_await read_more(kBodyRead)) co_return false;
  }
}

HttpConnection::Awaitable<bool> HttpConnection::read_more(std::size_t at_most) {
  const auto old_size = received_.size();
  received_.resize(old_size + at_most);
  const auto [error, read] = co_await socket_.async_read_some(asio::buffer(&received_[old_size], at_most), kTuple);
  received_.resize(old_size + (error ? 0 : read));
  co_return !error && read > 0;
}

HttpConnection::Awaitable<void> HttpConnection::answer(HttpRequest request) {
  // Nothing of the request is needed for the connection any more; a stream may last for minutes.
  if (received_.empty()) received_.shrink_to_fit();
  HttpRequest known;
  known.method = request.method;
  known.target = request.target;
  std::string failure;
  try {
    co_await handler_.answer(std::move(request), *this);
  } catch (const std::exception& error) {
    failure = error.what();
  }
  left_callback_ = nullptr;
  ++watch_;
  if (std::exchange(watching_, false)) {
    boost::system::error_code ignored;
    socket_.cancel(ignored);
  }
  if (websocket_) {
    if (!failure.empty()) log::error("{} {} broke off: {}", known.method, known.path(), failure);
    co_await end_websocket(!failure.empty());
  } else if (status_ == 0 && !write_failure_) {
    log::error("{} {} was not answered: {}", known.method, known.path(), failure);
    co_await refuse(known, {500, "Something went wrong in the server; its log tells what."});
  } else if (streaming_) {
    // A stream that is not ended properly must not look whole.
    if (!failure.empty()) log::error("{} {} broke off: {}", known.method, known.path(), failure);
    keep_alive_ = false;
  }
}

HttpConnection::Awaitable<void> HttpConnection::refuse(const HttpRequest& head, ParseFailure failure) {
  keep_alive_ = false;
  unread_input_ = true;
  co_await send(handler_.refusal(head, failure.status, failure.detail));
}

std::string HttpConnection::response_head(int status, const HttpHeaders& headers, std::optional<std::size_t> length) const {
  std::string out = fmt::format("HTTP/1.1 {} {}\r\nDate: {}\r\n", status, reason_phrase(status), http_date());
  for (const auto* some : {&headers, &extra_headers_}) {
    for (const auto& [name, value] : some->fields()) out.append(name).append(": ").append(value).append("\r\n");
  }
  if (length && has_body(status)) out += fmt::format("Content-Length: {}\r\n", *length);
  if (!length && minor_version_ == 1) out += "Transfer-Encoding: chunked\r\n";
  if (!keep_alive_) out += "Connection: close\r\n";
  if (keep_alive_ && minor_version_ == 0) out += "Connection: keep-alive\r\n";
  return out += "\r\n";
}

HttpExchange::Written HttpConnection::send(HttpResponse response) {
  status_ = response.status;
  if (finishing_) keep_alive_ = false;
  auto out = response_head(response.status, response.headers, response.body.size());
  const bool with_body = has_body(response.status) && !head_only_;
  if (with_body && response.body.size() <= kBodyRead) out += response.body;
  GIBSEY_CO_CHECK(co_await write_all(out));
  if (with_body && response.body.size() > kBodyRead) co_return co_await write_all(response.body);
  co_return Result<void>{};
}

HttpExchange::Written HttpConnection::begin_stream(int status, HttpHeaders headers) {
  status_ = status;
  streaming_ = true;
  if (finishing_ || minor_version_ == 0) keep_alive_ = false;
  co_return co_await write_all(response_head(status, headers, std::nullopt));
}

HttpExchange::Written HttpConnection::write(std::string_view bytes) {
  if (bytes.empty() || head_only_) co_return Result<void>{};
  if (minor_version_ == 0) co_return co_await write_all(bytes);
  outgoing_.clear();
  fmt::format_to(std::back_inserter(outgoing_), "{:x}\r\n", bytes.size());
  outgoing_.append(bytes).append("\r\n");
  auto written = co_await write_all(outgoing_);
  outgoing_.clear();
  if (outgoing_.capacity() > kKept) outgoing_.shrink_to_fit();  // to assign "" would keep the memory
  co_return written;
}

HttpExchange::Written HttpConnection::end_stream() {
  streaming_ = false;
  if (minor_version_ == 0 || head_only_) co_return Result<void>{};
  co_return co_await write_all("0\r\n\r\n");
}

std::size_t HttpConnection::write_now(std::string_view bytes) {
  if (bytes.empty() || write_failure_) return 0;
  boost::system::error_code error;
  const auto written = socket_.write_some(asio::buffer(bytes), error);
  return error ? 0 : written;  // an error meets the write that waits, too
}

HttpExchange::Written HttpConnection::write_all(std::string_view bytes) {
  bytes.remove_prefix(write_now(bytes));
  while (!bytes.empty() && !write_failure_) {
    timeout_.start(limits_.write);
    const auto [error, written] = co_await socket_.async_write_some(asio::buffer(bytes), kTuple);
    if (error && !write_failure_) {
      write_failure_ = timeout_.expired() ? Error{ErrorCode::deadline, "The client did not read the answer in time."}
                                          : Error{ErrorCode::cancelled, "The client left."};
    }
    timeout_.stop();
    bytes.remove_prefix(std::min(written, bytes.size()));
  }
  if (!write_failure_) co_return Result<void>{};
  keep_alive_ = false;
  co_return std::unexpected(*write_failure_);
}

void HttpConnection::on_client_left(std::function<void()> callback) {
  left_callback_ = std::move(callback);
  if (write_failure_) {
    client_left();
  } else if (!watching_) {
    watch_client();
  }
}

void HttpConnection::watch_client() {
  watching_ = true;
  socket_.async_wait(Socket::wait_read, [self = shared_from_this(), mine = ++watch_](boost::system::error_code error) {
    if (self->watch_ != mine) return;
    self->watching_ = false;
    if (error) return;
    char byte = 0;
    const auto read = recv(self->socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (read < 0 && (errno == EAGAIN || errno == EINTR)) {
      self->watch_client();
    } else if (read <= 0) {
      self->client_left();
    }
    // A client that sends its next request already is there; from now on only a failing write tells that it left.
  });
}

void HttpConnection::client_left() {
  if (auto callback = std::exchange(left_callback_, nullptr)) callback();
}

HttpConnection::Awaitable<Result<std::unique_ptr<WebSocketSession>>> HttpConnection::accept_websocket(
    const HttpRequest& request, WebSocketSettings settings) {
  if (finishing_) {
    co_await refuse(request, {503, "The server is stopping."});
    co_return fail(ErrorCode::unavailable, "The server is stopping.");
  }
  auto handshake = check_websocket_handshake(request);
  if (!handshake) {
    auto detail = handshake.error().detail;
    if (handshake.error().status == 426) {
      add_header("Upgrade", "websocket");
      add_header("Connection", "Upgrade");
      add_header("Sec-WebSocket-Version", "13");
    }
    co_await refuse(request, std::move(handshake).error());
    co_return fail(ErrorCode::invalid_argument, std::move(detail));
  }
  status_ = 101;
  keep_alive_ = false;
  write_failure_ = Error{ErrorCode::cancelled, "The connection has become a WebSocket."};
  websocket_ = std::make_shared<WebSocketConnection>(std::move(socket_), std::exchange(received_, {}), settings);
  GIBSEY_CO_CHECK(co_await WebSocketConnection::accept(websocket_, *std::move(handshake), extra_headers_));
  extra_headers_ = {};
  co_return std::make_unique<WebSocketSession>(websocket_);
}

HttpConnection::Awaitable<void> HttpConnection::end_websocket(bool failed) {
  // Others may share the session; without its handler it is over all the same.
  websocket_->close(failed ? WebSocketClose::internal_error : WebSocketClose::normal, {});
  co_await WebSocketConnection::gone(websocket_);
  websocket_ = nullptr;
}

HttpConnection::Awaitable<void> HttpConnection::close() {
  boost::system::error_code ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
  // Closing with input unread would reset the connection, and the client might never see why it was refused.
  if (unread_input_ && !write_failure_ && !finishing_) {
    timeout_.start(kDrainTime);
    std::size_t drained = 0;
    while (drained < kDrained && co_await read_more(kHeadRead)) {
      drained += received_.size();
      received_.clear();
    }
    timeout_.stop();
  }
  socket_.close(ignored);
}

}  // namespace gibsey::net
