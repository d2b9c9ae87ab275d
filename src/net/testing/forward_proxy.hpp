#pragma once
#include <sys/socket.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace gibsey::net::testing {

/// A proxy on 127.0.0.1: passes requests in absolute form on (one a connection) and opens tunnels for CONNECT. It takes every
/// name for this machine, so that a test can give a server any name.
class ForwardProxy {
 public:
  struct Options {
    std::string authorization;  ///< what Proxy-Authorization must be; empty: anything goes
    int refuse_with = 0;        ///< a status, whatever is asked
  };

  ForwardProxy() : ForwardProxy(Options()) {}
  explicit ForwardProxy(Options options)
      : options_(std::move(options)), acceptor_(context_, {boost::asio::ip::address_v4::loopback(), 0}) {
    port_ = acceptor_.local_endpoint().port();
    accepting_ = std::thread([this] { accept(); });
  }
  ~ForwardProxy() {
    ending_ = true;
    boost::system::error_code ignored;
    Socket wake(context_);
    wake.connect({boost::asio::ip::address_v4::loopback(), port_}, ignored);
    accepting_.join();
    {
      const std::lock_guard lock(mutex_);
      for (const auto& socket : open_) ::shutdown(socket->native_handle(), SHUT_RDWR);
    }
    for (auto& thread : threads_) thread.join();
  }
  ForwardProxy(const ForwardProxy&) = delete;
  ForwardProxy& operator=(const ForwardProxy&) = delete;

  [[nodiscard]] std::string place() const { return "127.0.0.1:" + std::to_string(port_); }
  /// The heads of all requests to the proxy itself.
  [[nodiscard]] std::vector<std::string> heads() const {
    const std::lock_guard lock(mutex_);
    return heads_;
  }

 private:
  using Socket = boost::asio::ip::tcp::socket;
  using SocketPtr = std::shared_ptr<Socket>;

  /// Kept until the end of the proxy, so that it can be shut down.
  SocketPtr new_socket() {
    const std::lock_guard lock(mutex_);
    return open_.emplace_back(std::make_shared<Socket>(context_));
  }

  void accept() {
    for (;;) {
      boost::system::error_code error;
      const auto client = new_socket();
      acceptor_.accept(*client, error);
      if (ending_) return;
      if (!error) threads_.emplace_back([this, client] { serve(*client); });
    }
  }

  void serve(Socket& client) {
    boost::system::error_code error;
    std::string head;
    const auto size = boost::asio::read_until(client, boost::asio::dynamic_buffer(head), "\r\n\r\n", error);
    if (error) return;
    auto rest = head.substr(size);
    head.resize(size);
    const auto field = head.find("Content-Length: ");
    const auto length = field == std::string::npos ? 0 : std::stoul(head.substr(field + 16));
    if (rest.size() < length)
      boost::asio::read(client, boost::asio::dynamic_buffer(rest), boost::asio::transfer_exactly(length - rest.size()), error);
    {
      const std::lock_guard lock(mutex_);
      heads_.push_back(head);
    }
    if (const int status = refusal(head); status != 0) {
      const auto answer = "HTTP/1.1 " + std::to_string(status) + " No\r\nContent-Length: 2\r\n\r\nno";
      boost::asio::write(client, boost::asio::buffer(answer), error);
    } else if (head.starts_with("CONNECT ")) {
      tunnel(client, head.substr(8, head.find(' ', 8) - 8));
    } else {
      pass_on(client, head, rest);
    }
    client.shutdown(Socket::shutdown_both, error);
  }

  [[nodiscard]] int refusal(const std::string& head) const {
    if (options_.refuse_with != 0) return options_.refuse_with;
    const bool known = options_.authorization.empty() || head.contains("Proxy-Authorization: " + options_.authorization + "\r\n");
    return known ? 0 : 407;
  }

  SocketPtr connected_to(const std::string& place) {
    const auto server = new_socket();
    boost::system::error_code error;
    const auto port = static_cast<std::uint16_t>(std::stoi(place.substr(place.rfind(':') + 1)));
    server->connect({boost::asio::ip::address_v4::loopback(), port}, error);
    return server;
  }

  void tunnel(Socket& client, const std::string& place) {
    const auto server = connected_to(place);
    boost::system::error_code error;
    boost::asio::write(client, boost::asio::buffer(std::string("HTTP/1.1 200 Connection established\r\n\r\n")), error);
    std::thread back([&client, server] { pump(*server, client); });
    pump(client, *server);
    back.join();
  }

  /// GET http://host:port/path -> GET /path.
  void pass_on(Socket& client, std::string head, const std::string& body) {
    const auto start = head.find("http://");
    const auto path = head.find('/', start + 7);
    const auto server = connected_to(head.substr(start + 7, path - start - 7));
    head.erase(start, path - start);
    head.insert(head.size() - 2, "Connection: close\r\n");
    boost::system::error_code error;
    boost::asio::write(*server, boost::asio::buffer(head + body), error);
    pump(*server, client);
  }

  static void pump(Socket& from, Socket& to) {
    std::array<char, 4096> bytes{};
    boost::system::error_code error;
    for (;;) {
      const auto read = from.read_some(boost::asio::buffer(bytes), error);
      if (read > 0) boost::asio::write(to, boost::asio::buffer(bytes, read), error);
      if (error || read == 0) break;
    }
    to.shutdown(Socket::shutdown_send, error);
  }

  const Options options_;
  boost::asio::io_context context_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::vector<std::string> heads_;
  std::vector<SocketPtr> open_;
  std::atomic<bool> ending_ = false;
  std::vector<std::thread> threads_;
  std::thread accepting_;
};

}  // namespace gibsey::net::testing
