#pragma once
#include "net/http_server.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <stdexcept>
#include <thread>
#include <vector>

namespace gibsey::net::testing {

/// A running HttpServer on a port of its own, served by two threads, so that nothing can rely on there being one.
class ServerThread {
 public:
  explicit ServerThread(HttpHandler& handler, HttpLimits limits = {}) : server_(context_.get_executor(), handler, limits) {
    const auto port = server_.listen("127.0.0.1", 0);
    if (!port) throw std::runtime_error(port.error().message);
    port_ = *port;
    for (int i = 0; i < 2; ++i) threads_.emplace_back([this] { context_.run(); });
  }
  ~ServerThread() {
    stop(std::chrono::milliseconds(100));
    guard_.reset();
    for (auto& thread : threads_) thread.join();
  }
  ServerThread(const ServerThread&) = delete;
  ServerThread& operator=(const ServerThread&) = delete;

  bool stop(std::chrono::milliseconds grace) {
    return boost::asio::co_spawn(context_, server_.stop(grace), boost::asio::use_future).get();
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] HttpServer& server() { return server_; }
  [[nodiscard]] boost::asio::io_context& context() { return context_; }

 private:
  boost::asio::io_context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_{context_.get_executor()};
  HttpServer server_;
  std::uint16_t port_ = 0;
  std::vector<std::thread> threads_;
};

}  // namespace gibsey::net::testing
