#pragma once
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace gibsey::net::testing {

/// What a KeepingServer was asked.
struct SeenRequest {
  std::string head;
  std::string body;
  int connection = 0;  ///< the first is 1
  int number = 0;      ///< on its connection, the first is 1
};

/// An HTTP server on a loopback address that leaves its connections open: each request is answered with the bytes that the script
/// gives for it. A thread a connection.
class KeepingServer {
 public:
  struct Answer {
    std::string bytes;  ///< empty: none, and the connection is closed
    bool close = false;
  };
  using Script = std::function<Answer(const SeenRequest&)>;

  explicit KeepingServer(Script script, boost::asio::ssl::context* tls = nullptr,
                         const boost::asio::ip::address& address = boost::asio::ip::address_v4::loopback())
      : script_(std::move(script)), tls_(tls), acceptor_(context_, {address, 0}), port_(acceptor_.local_endpoint().port()) {
    accepting_ = std::thread([this] { accept(); });
  }
  ~KeepingServer() {
    ending_ = true;
    ::shutdown(acceptor_.native_handle(), SHUT_RDWR);
    boost::system::error_code ignored;
    boost::asio::ip::tcp::socket wake(context_);
    wake.connect({acceptor_.local_endpoint(ignored).address(), port_}, ignored);
    accepting_.join();
    close_connections();
    for (auto& thread : threads_) thread.join();
  }
  KeepingServer(const KeepingServer&) = delete;
  KeepingServer& operator=(const KeepingServer&) = delete;

  [[nodiscard]] std::string port() const { return std::to_string(port_); }
  [[nodiscard]] std::string address(const std::string& host = "127.0.0.1") const {
    return (tls_ == nullptr ? "http://" : "https://") + host + ":" + port();
  }
  [[nodiscard]] std::vector<SeenRequest> requests() const { return locked(requests_); }
  /// The names that were asked for by SNI, "" for none.
  [[nodiscard]] std::vector<std::string> names() const { return locked(names_); }
  [[nodiscard]] int connections() const { return connections_; }
  [[nodiscard]] int resumed() const { return resumed_; }

  /// Ends every connection that is open, as a server does with one that is idle.
  void close_connections() {
    const std::lock_guard lock(mutex_);
    for (const int socket : open_) ::shutdown(socket, SHUT_RDWR);
  }

 private:
  using Socket = boost::asio::ip::tcp::socket;

  template <typename T>
  std::vector<T> locked(const std::vector<T>& values) const {
    const std::lock_guard lock(mutex_);
    return values;
  }

  void accept() {
    for (;;) {
      boost::system::error_code error;
      auto socket = std::make_shared<Socket>(context_);
      acceptor_.accept(*socket, error);
      if (ending_) return;
      if (error) continue;
      const int number = ++connections_;
      const std::lock_guard lock(mutex_);
      open_.push_back(socket->native_handle());
      threads_.emplace_back([this, socket, number] { serve(*socket, number); });
    }
  }

  void serve(Socket& socket, int number) {
    boost::system::error_code error;
    socket.set_option(boost::asio::ip::tcp::no_delay(true), error);
    if (tls_ != nullptr) {
      boost::asio::ssl::stream<Socket&> stream(socket, *tls_);
      stream.handshake(boost::asio::ssl::stream_base::server, error);
      if (!error) note_handshake(stream.native_handle());
      if (!error) answer_all(stream, number);
    } else {
      answer_all(socket, number);
    }
    const std::lock_guard lock(mutex_);
    std::erase(open_, socket.native_handle());
    socket.close(error);
  }

  void note_handshake(SSL* stream) {
    const char* name = SSL_get_servername(stream, TLSEXT_NAMETYPE_host_name);
    if (SSL_session_reused(stream) != 0) ++resumed_;
    const std::lock_guard lock(mutex_);
    names_.emplace_back(name == nullptr ? "" : name);
  }

  template <typename Stream>
  void answer_all(Stream& stream, int connection) {
    std::string buffer;
    for (int number = 1;; ++number) {
      boost::system::error_code error;
      const auto head = boost::asio::read_until(stream, boost::asio::dynamic_buffer(buffer), "\r\n\r\n", error);
      if (error) return;
      SeenRequest request{.head = buffer.substr(0, head), .body = {}, .connection = connection, .number = number};
      const auto field = request.head.find("Content-Length: ");
      const auto length = field == std::string::npos ? 0 : std::stoul(request.head.substr(field + 16));
      if (buffer.size() < head + length)
        boost::asio::read(stream, boost::asio::dynamic_buffer(buffer),
                          boost::asio::transfer_exactly(head + length - buffer.size()), error);
      request.body = buffer.substr(head, length);
      buffer.erase(0, head + length);
      const auto answer = script_(request);
      const bool last =
          answer.close || answer.bytes.empty() || request.head.find("\r\nConnection: close\r\n") != std::string::npos;
      {
        const std::lock_guard lock(mutex_);
        requests_.push_back(std::move(request));
      }
      boost::asio::write(stream, boost::asio::buffer(answer.bytes), error);
      if (error || last) return;
    }
  }

  const Script script_;
  boost::asio::ssl::context* tls_;
  boost::asio::io_context context_;
  boost::asio::ip::tcp::acceptor acceptor_;
  const std::uint16_t port_;
  mutable std::mutex mutex_;
  std::vector<SeenRequest> requests_;
  std::vector<std::string> names_;
  std::vector<int> open_;
  std::atomic<int> connections_ = 0;
  std::atomic<int> resumed_ = 0;
  std::atomic<bool> ending_ = false;
  std::vector<std::thread> threads_;
  std::thread accepting_;
};

/// "HTTP/1.1 200 OK" with that body and its length.
inline std::string fine(const std::string& body = "fine") {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace gibsey::net::testing
