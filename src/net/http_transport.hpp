#pragma once
#include "base/deadline.hpp"
#include "base/result.hpp"
#include "net/http_url.hpp"
#include "net/proxy_choice.hpp"
#include "net/tls_client.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/strand.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <variant>

namespace gibsey::net {

/// Whom a request is for and through whom it goes.
struct HttpRoute {
  HttpUrl url;
  std::optional<Proxy> proxy;

  /// As messages call it: "models.example:443 through the proxy 10.0.0.1:3128".
  [[nodiscard]] std::string where() const;
  /// The same for requests that may share connections. Holds the proxy's password.
  [[nodiscard]] std::string place() const;
};

/// `error` as it came about while `doing`: deadline or unavailable.
[[nodiscard]] Error transport_error(const boost::system::error_code& error, const std::string& where, std::string_view doing);

/// A connection of the client's side: with or without a proxy, with or without TLS. All operations run on its strand, because the
/// stream's timer and its reads may not overlap, and so does its end; with none under way it may be handed to another owner on
/// any thread.
class HttpTransport {
 public:
  using Strand = boost::asio::strand<boost::asio::any_io_executor>;
  using Request = boost::beast::http::request<boost::beast::http::string_body>;
  using Parser = boost::beast::http::response_parser<boost::beast::http::buffer_body>;

  /// `tls` may be null where the address is http.
  HttpTransport(boost::asio::any_io_executor executor, HttpRoute route, std::shared_ptr<TlsClient> tls);
  HttpTransport(const HttpTransport&) = delete;
  HttpTransport& operator=(const HttpTransport&) = delete;

  /// Name, connection, the proxy's tunnel, TLS. Errors: unavailable, deadline.
  boost::asio::awaitable<Result<void>> open(Deadline end);
  /// What follows ends in beast::error::timeout after that.
  void allow(std::chrono::steady_clock::duration time);
  boost::asio::awaitable<void> write(const Request& request, boost::system::error_code& error);
  boost::asio::awaitable<void> read_header(Parser& parser, boost::system::error_code& error);
  boost::asio::awaitable<void> read_some(Parser& parser, boost::system::error_code& error);
  void close();

  /// Whether it is open and nothing has come that nobody asked for, as far as can be told without waiting.
  [[nodiscard]] bool quiet();
  /// Bytes that have been read and belong to no answer yet.
  [[nodiscard]] const boost::beast::flat_buffer& unread() const { return buffer_; }
  [[nodiscard]] const HttpRoute& route() const { return route_; }
  [[nodiscard]] const std::string& where() const { return where_; }
  [[nodiscard]] const std::string& place() const { return place_; }
  [[nodiscard]] const Strand& strand() const { return strand_; }

 private:
  using Plain = boost::beast::tcp_stream;
  using Tls = boost::beast::ssl_stream<boost::beast::tcp_stream>;

  boost::asio::awaitable<Result<void>> ask_for_tunnel();
  boost::asio::awaitable<Result<void>> agree_on_tls();
  [[nodiscard]] Plain& tcp();

  Strand strand_;
  HttpRoute route_;
  std::string where_;
  std::string place_;
  std::shared_ptr<TlsClient> tls_;
  std::variant<std::monostate, Plain, Tls> stream_;
  boost::beast::flat_buffer buffer_;
};

}  // namespace gibsey::net
