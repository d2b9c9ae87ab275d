#include "net/http_transport.hpp"

#include "net/tcp_connect.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

#include <type_traits>

namespace gibsey::net {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

namespace {

/// Calls `operation` with the stream that is open; an error when none is.
template <typename Stream, typename Operation>
asio::awaitable<void> on(Stream& stream, error_code& error, Operation operation) {
  if (auto* plain = std::get_if<1>(&stream)) {
    co_await operation(*plain, asio::redirect_error(asio::use_awaitable, error));
  } else if (auto* tls = std::get_if<2>(&stream)) {
    co_await operation(*tls, asio::redirect_error(asio::use_awaitable, error));
  } else {
    error = asio::error::not_connected;
  }
}

bool is_no_tls(const error_code& error) {
  return error.category() == asio::error::get_ssl_category() &&
         ERR_GET_REASON(static_cast<unsigned long>(error.value())) == SSL_R_WRONG_VERSION_NUMBER;
}

std::string_view why_no_tunnel(int status) {
  switch (status) {
    case 407: return "; it wants a name and password, which belong into its address";
    case 403: return "; it does not allow this";
    default: return "";
  }
}

}  // namespace

std::string HttpRoute::where() const {
  const auto server = host_and_port(url.host, url.port);
  return proxy ? fmt::format("{} through the proxy {}", server, host_and_port(proxy->host, proxy->port)) : server;
}

std::string HttpRoute::place() const {
  const auto place = fmt::format("{}://{}", url.tls ? "https" : "http", host_and_port(url.host, url.port));
  return proxy ? fmt::format("{} {} {}", place, host_and_port(proxy->host, proxy->port), proxy->authorization) : place;
}

Error transport_error(const error_code& error, const std::string& where, std::string_view doing) {
  if (error == beast::error::timeout || error == asio::error::timed_out)
    return {ErrorCode::deadline, fmt::format("{} did not answer in time while {}", where, doing)};
  return {ErrorCode::unavailable, fmt::format("{} cannot be reached ({} failed: {})", where, doing, error.message())};
}

HttpTransport::HttpTransport(asio::any_io_executor executor, HttpRoute route, std::shared_ptr<TlsClient> tls)
    : strand_(asio::make_strand(std::move(executor))),
      route_(std::move(route)),
      where_(route_.where()),
      place_(route_.place()),
      tls_(std::move(tls)) {}

HttpTransport::Plain& HttpTransport::tcp() {
  if (auto* tls = std::get_if<Tls>(&stream_)) return beast::get_lowest_layer(*tls);
  return std::get<Plain>(stream_);
}

void HttpTransport::allow(std::chrono::steady_clock::duration time) {
  tcp().expires_after(time);
}

asio::awaitable<Result<void>> HttpTransport::open(Deadline end) {
  const auto& [host, port] =
      route_.proxy ? std::tie(route_.proxy->host, route_.proxy->port) : std::tie(route_.url.host, route_.url.port);
  auto addresses = co_await look_up(host, port, end.at());
  if (!addresses) co_return std::unexpected(transport_error(addresses.error(), where_, "looking up its name"));
  auto socket = co_await connect_any(*std::move(addresses), end.at());
  if (!socket) co_return std::unexpected(transport_error(socket.error(), where_, "connecting"));
  stream_.emplace<Plain>(*std::move(socket));
  if (!route_.url.tls) co_return Result<void>{};
  allow(end.left());
  if (route_.proxy) GIBSEY_CO_CHECK(co_await ask_for_tunnel());
  co_return co_await agree_on_tls();
}

/// RFC 9110 section 9.3.6. None of the request's own headers are for the proxy.
asio::awaitable<Result<void>> HttpTransport::ask_for_tunnel() {
  const auto target = host_and_port(route_.url.host, route_.url.port);
  http::request<http::empty_body> request(http::verb::connect, target, 11);
  request.set(http::field::host, target);
  request.set(http::field::user_agent, "gibsey");
  if (!route_.proxy->authorization.empty()) request.set(http::field::proxy_authorization, route_.proxy->authorization);
  http::response_parser<http::empty_body> answer;
  answer.skip(true);
  error_code error;
  co_await http::async_write(tcp(), request, asio::redirect_error(asio::use_awaitable, error));
  if (!error) co_await http::async_read_header(tcp(), buffer_, answer, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return std::unexpected(transport_error(error, where_, "asking the proxy for a way"));
  const int status = static_cast<int>(answer.get().result_int());
  if (status / 100 == 2 && buffer_.size() == 0) co_return Result<void>{};
  co_return fail(ErrorCode::unavailable, fmt::format("{} cannot be reached (the proxy answered with status {}{})", where_, status,
                                                     why_no_tunnel(status)));
}

asio::awaitable<Result<void>> HttpTransport::agree_on_tls() {
  auto plain = std::move(std::get<Plain>(stream_));
  auto& stream = stream_.emplace<Tls>(std::move(plain), tls_->context());
  tls_->prepare(stream.native_handle(), route_.url.host, place_);
  error_code error;
  co_await stream.async_handshake(asio::ssl::stream_base::client, asio::redirect_error(asio::use_awaitable, error));
  if (!error) co_return Result<void>{};
  tls_->forget(place_);
  auto failure = transport_error(error, where_, "agreeing on TLS");
  if (is_no_tls(error)) failure.message += "; it answers without TLS: is its address meant to begin with http://?";
  if (const auto why = certificate_trouble(stream.native_handle()); !why.empty()) failure.message += ": " + why;
  co_return std::unexpected(std::move(failure));
}

asio::awaitable<void> HttpTransport::write(const Request& request, error_code& error) {
  co_await on(stream_, error, [&request](auto& stream, auto token) { return http::async_write(stream, request, token); });
}

asio::awaitable<void> HttpTransport::read_header(Parser& parser, error_code& error) {
  co_await on(stream_, error, [&](auto& stream, auto token) { return http::async_read_header(stream, buffer_, parser, token); });
}

asio::awaitable<void> HttpTransport::read_some(Parser& parser, error_code& error) {
  co_await on(stream_, error, [&](auto& stream, auto token) { return http::async_read_some(stream, buffer_, parser, token); });
}

void HttpTransport::close() {
  if (!std::holds_alternative<std::monostate>(stream_)) tcp().close();
}

bool HttpTransport::quiet() {
  char byte = 0;
  const auto received = ::recv(tcp().socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return received < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

}  // namespace gibsey::net
