#include "net/http_client.hpp"

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <boost/url/parse.hpp>

#include <algorithm>
#include <array>
#include <mutex>

namespace gibsey::net {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

namespace {

using boost::system::error_code;

constexpr std::size_t kPieceBytes = 16 * 1024;

/// Reached by cancel() from any thread: what it posts may come to run after the connection is gone.
struct Cancellation {
  std::mutex mutex;
  beast::tcp_stream* stream = nullptr;
  bool asked = false;
};

Error error_of(const error_code& error, const std::string& where, const char* doing) {
  if (error == beast::error::timeout)
    return {ErrorCode::deadline, fmt::format("{} did not answer in time while {}", where, doing)};
  return {ErrorCode::unavailable, fmt::format("{} cannot be reached ({} failed: {})", where, doing, error.message())};
}

/// A connection with or without TLS. All of it runs on one strand, because the stream's timer and its reads may not overlap.
class Connection final : public HttpReply {
 public:
  Connection(asio::any_io_executor executor, HttpUrl url, HttpClientTimeouts timeouts, Deadline deadline)
      : strand_(asio::make_strand(std::move(executor))),
        url_(std::move(url)),
        where_(fmt::format("{}:{}", url_.host, url_.port)),
        timeouts_(timeouts),
        deadline_(deadline),
        tls_context_(asio::ssl::context::tls_client),
        stream_(beast::tcp_stream(strand_), tls_context_) {
    parser_.body_limit(boost::none);
    cancellation_->stream = &beast::get_lowest_layer(stream_);
  }
  ~Connection() override {
    const std::lock_guard lock(cancellation_->mutex);
    cancellation_->stream = nullptr;
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void cancel() override {
    asio::post(strand_, [shared = cancellation_] {
      const std::lock_guard lock(shared->mutex);
      shared->asked = true;
      if (shared->stream != nullptr) shared->stream->close();
    });
  }

  [[nodiscard]] int status() const override { return static_cast<int>(parser_.get().result_int()); }
  [[nodiscard]] const HttpHeaders& headers() const override { return headers_; }

  asio::awaitable<Result<std::optional<std::string>>> read() override {
    co_return co_await asio::co_spawn(strand_, read_piece(), asio::use_awaitable);
  }

  asio::awaitable<Result<void>> send(http::request<http::string_body> request) {
    co_return co_await asio::co_spawn(strand_, exchange(std::move(request)), asio::use_awaitable);
  }

 private:
  void allow(std::chrono::milliseconds time) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline_.left());
    beast::get_lowest_layer(stream_).expires_after(std::min<std::chrono::milliseconds>(time, left));
  }

  asio::awaitable<Result<void>> connect() {
    error_code error;
    asio::ip::tcp::resolver resolver(strand_);
    const auto addresses =
        co_await resolver.async_resolve(url_.host, url_.port, asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return std::unexpected(error_of(error, where_, "looking up its name"));
    allow(timeouts_.connect);
    co_await beast::get_lowest_layer(stream_).async_connect(addresses, asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return std::unexpected(error_of(error, where_, "connecting"));
    if (!url_.tls) co_return Result<void>{};
    tls_context_.set_default_verify_paths(error);
    stream_.set_verify_mode(asio::ssl::verify_peer);
    stream_.set_verify_callback(asio::ssl::host_name_verification(url_.host));
    SSL_set_tlsext_host_name(stream_.native_handle(), url_.host.c_str());
    co_await stream_.async_handshake(asio::ssl::stream_base::client, asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return std::unexpected(error_of(error, where_, "agreeing on TLS"));
    co_return Result<void>{};
  }

  asio::awaitable<Result<void>> exchange(http::request<http::string_body> request) {
    GIBSEY_CO_CHECK(co_await connect());
    error_code error;
    allow(timeouts_.first_byte);
    co_await write(request, error);
    if (error) co_return std::unexpected(error_of(error, where_, "sending the request"));
    co_await read_header(error);
    if (error) co_return std::unexpected(error_of(error, where_, "waiting for the answer"));
    for (const auto& field : parser_.get()) headers_.add(std::string(field.name_string()), std::string(field.value()));
    co_return Result<void>{};
  }

  asio::awaitable<void> write(http::request<http::string_body>& request, error_code& error) {
    if (url_.tls) {
      co_await http::async_write(stream_, request, asio::redirect_error(asio::use_awaitable, error));
    } else {
      co_await http::async_write(stream_.next_layer(), request, asio::redirect_error(asio::use_awaitable, error));
    }
  }

  asio::awaitable<void> read_header(error_code& error) {
    if (url_.tls) {
      co_await http::async_read_header(stream_, buffer_, parser_, asio::redirect_error(asio::use_awaitable, error));
    } else {
      co_await http::async_read_header(stream_.next_layer(), buffer_, parser_, asio::redirect_error(asio::use_awaitable, error));
    }
  }

  asio::awaitable<void> read_some(error_code& error) {
    if (url_.tls) {
      co_await http::async_read_some(stream_, buffer_, parser_, asio::redirect_error(asio::use_awaitable, error));
    } else {
      co_await http::async_read_some(stream_.next_layer(), buffer_, parser_, asio::redirect_error(asio::use_awaitable, error));
    }
  }

  asio::awaitable<Result<std::optional<std::string>>> read_piece() {
    while (!parser_.is_done()) {
      parser_.get().body().data = piece_.data();
      parser_.get().body().size = piece_.size();
      allow(timeouts_.idle);
      error_code error;
      co_await read_some(error);
      if (error == http::error::need_buffer) error = {};
      if (error && cancel_asked()) co_return fail(ErrorCode::cancelled, fmt::format("reading from {} was cancelled", where_));
      if (error) co_return std::unexpected(error_of(error, where_, "reading its answer"));
      const auto read = piece_.size() - parser_.get().body().size;
      if (read > 0) co_return std::string(piece_.data(), read);
    }
    co_return std::optional<std::string>();
  }

  [[nodiscard]] bool cancel_asked() const {
    const std::lock_guard lock(cancellation_->mutex);
    return cancellation_->asked;
  }

  asio::strand<asio::any_io_executor> strand_;
  HttpUrl url_;
  std::string where_;
  HttpClientTimeouts timeouts_;
  Deadline deadline_;
  asio::ssl::context tls_context_;
  beast::ssl_stream<beast::tcp_stream> stream_;
  beast::flat_buffer buffer_;
  http::response_parser<http::buffer_body> parser_;
  std::array<char, kPieceBytes> piece_{};
  HttpHeaders headers_;
  std::shared_ptr<Cancellation> cancellation_ = std::make_shared<Cancellation>();
};

}  // namespace

Result<HttpUrl> parse_http_url(const std::string& address) {
  const auto parsed = boost::urls::parse_uri(address);
  const auto refuse = [&](const char* why) {
    return fail(ErrorCode::invalid_argument, fmt::format("'{}' is no address to talk to: {}", address, why));
  };
  if (!parsed) return refuse("write it as http://host:port/path");
  const bool tls = parsed->scheme() == "https";
  if (!tls && parsed->scheme() != "http") return refuse("only http and https are spoken");
  if (parsed->host().empty()) return refuse("the host is missing");
  if (parsed->has_userinfo()) return refuse("a name or password does not belong into it");
  HttpUrl url{.tls = tls,
              .host = parsed->host_name().empty() ? std::string(parsed->host_address()) : std::string(parsed->host_name()),
              .port = std::string(parsed->port()),
              .target = std::string(parsed->encoded_resource())};
  if (url.port.empty()) url.port = tls ? "443" : "80";
  if (const auto hash = url.target.find('#'); hash != std::string::npos) url.target.resize(hash);
  if (!url.target.starts_with('/')) url.target.insert(0, "/");
  return url;
}

asio::awaitable<Result<std::string>> HttpReply::read_all(std::size_t limit) {
  std::string body;
  for (;;) {
    GIBSEY_CO_TRY(auto piece, co_await read());
    if (!piece) co_return body;
    if (body.size() + piece->size() > limit)
      co_return fail(ErrorCode::too_large, fmt::format("the answer is larger than {} bytes", limit));
    body += *piece;
  }
}

asio::awaitable<Result<std::unique_ptr<HttpReply>>> send_http(HttpClientRequest request, HttpClientTimeouts timeouts,
                                                              Deadline deadline) {
  GIBSEY_CO_TRY(auto url, parse_http_url(request.url));
  http::request<http::string_body> message(http::string_to_verb(request.method), url.target, 11);
  const bool default_port = url.port == (url.tls ? "443" : "80");
  const auto name = url.host.find(':') == std::string::npos ? url.host : "[" + url.host + "]";
  message.set(http::field::host, default_port ? name : name + ":" + url.port);
  message.set(http::field::user_agent, "gibsey");
  message.set(http::field::connection, "close");
  for (const auto& [field, value] : request.headers.fields()) message.set(field, value);
  message.body() = std::move(request.body);
  message.prepare_payload();
  auto connection = std::make_unique<Connection>(co_await asio::this_coro::executor, std::move(url), timeouts, deadline);
  GIBSEY_CO_CHECK(co_await connection->send(std::move(message)));
  co_return std::unique_ptr<HttpReply>(std::move(connection));
}

}  // namespace gibsey::net
