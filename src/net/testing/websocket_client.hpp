#pragma once
#include "net/http_message.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace gibsey::net::testing {

/// A WebSocket client for tests: every call waits for its end, or for 5 s. Pings are answered while it waits. Not thread-safe.
class WebSocketClient {
 public:
  struct Options {
    std::string target = "/";
    HttpHeaders headers;
    bool deflate = false;
  };

  /// Connects to 127.0.0.1; status() tells how that went.
  explicit WebSocketClient(std::uint16_t port) : WebSocketClient(port, Options()) {}
  WebSocketClient(std::uint16_t port, const Options& options) : stream_(context_) {
    answer_.result(0U);
    stream_.next_layer().connect({boost::asio::ip::address_v4::loopback(), port}, error_);
    if (error_) return;
    boost::beast::websocket::permessage_deflate deflate;
    deflate.client_enable = options.deflate;
    stream_.set_option(deflate);
    stream_.set_option(
        boost::beast::websocket::stream_base::decorator([&options](boost::beast::websocket::request_type& request) {
          for (const auto& [name, value] : options.headers.fields()) request.insert(name, value);
        }));
    stream_.control_callback([this](boost::beast::websocket::frame_type kind, boost::beast::string_view) {
      if (kind == boost::beast::websocket::frame_type::ping) ++pings_;
    });
    wait([&](const Done& done) { stream_.async_handshake(answer_, "127.0.0.1:" + std::to_string(port), options.target, done); });
  }

  /// 101 for a session; the status of the refusal else, 0 when there was no answer.
  [[nodiscard]] int status() const { return static_cast<int>(answer_.result_int()); }
  [[nodiscard]] std::string header(const std::string& name) const { return std::string(answer_[name]); }
  [[nodiscard]] std::string body() const { return answer_.body(); }

  bool send(const std::string& text) {
    stream_.text(true);
    return write(text);
  }
  bool send_binary(const std::string& bytes) {
    stream_.binary(true);
    return write(bytes);
  }

  /// The next message; nullopt when none came in `time` or the session has ended (closed() then).
  std::optional<std::string> receive(std::chrono::milliseconds time = std::chrono::seconds(5)) {
    if (!message_ && !std::exchange(reading_, true)) {
      stream_.async_read(buffer_, [this](boost::system::error_code error, std::size_t) {
        reading_ = false;
        closed_ = error.failed();
        if (!error) message_ = boost::beast::buffers_to_string(buffer_.data());
        buffer_.consume(buffer_.size());
      });
    }
    run_while([this] { return reading_; }, time);
    return std::exchange(message_, std::nullopt);
  }

  /// Closes properly; whether the server took part.
  bool close(boost::beast::websocket::close_code code = boost::beast::websocket::close_code::normal) {
    wait([&](const Done& done) { stream_.async_close(code, done); });
    return !error_;
  }
  /// Closes the socket without a word.
  void vanish() { stream_.next_layer().close(error_); }

  /// Whether receive() has found the end of the session.
  [[nodiscard]] bool closed() const { return closed_; }
  /// What the server's close frame said; 0 without one.
  [[nodiscard]] int close_code() const { return stream_.reason().code; }
  [[nodiscard]] std::string close_reason() const { return stream_.reason().reason.c_str(); }
  [[nodiscard]] int pings() const { return pings_; }

 private:
  using Done = std::function<void(boost::system::error_code)>;

  bool write(const std::string& bytes) {
    wait([&](const Done& done) {
      stream_.async_write(boost::asio::buffer(bytes), [done](boost::system::error_code error, std::size_t) { done(error); });
    });
    return !error_;
  }
  template <typename Start>
  void wait(Start start) {
    bool waiting = true;
    start([&](boost::system::error_code error) {
      waiting = false;
      error_ = error;
    });
    run_while([&waiting] { return waiting; }, std::chrono::seconds(5));
    if (!waiting) return;
    // Its handler refers to this call: it must have run before this returns.
    stream_.next_layer().close();
    run_while([&waiting] { return waiting; }, std::chrono::seconds(5));
    error_ = boost::asio::error::timed_out;
  }
  template <typename Condition>
  void run_while(Condition condition, std::chrono::milliseconds time) {
    const auto end = std::chrono::steady_clock::now() + time;
    context_.restart();
    while (condition() && context_.run_one_until(end) > 0) {
    }
  }

  boost::asio::io_context context_;
  boost::beast::websocket::stream<boost::asio::ip::tcp::socket> stream_;
  boost::beast::websocket::response_type answer_;
  boost::beast::flat_buffer buffer_;
  boost::system::error_code error_;  ///< of the last call but receive()
  std::optional<std::string> message_;
  bool reading_ = false;
  bool closed_ = false;
  int pings_ = 0;
};

}  // namespace gibsey::net::testing
