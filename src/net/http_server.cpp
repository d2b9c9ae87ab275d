#include "net/http_server.hpp"

#include "base/log.hpp"
#include "net/http_connection.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <mutex>
#include <unordered_set>
#include <vector>

namespace gibsey::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kMostRefusing = 64;  // connections that are being told 503 at a time; more are closed without a word
constexpr std::chrono::milliseconds kAcceptPause{100};
constexpr std::chrono::seconds kAbortTime{5};

Error listen_error(const boost::system::error_code& error, const std::string& address, std::uint16_t port) {
  const auto where = address + ":" + std::to_string(port);
  if (error == asio::error::address_in_use) {
    return {ErrorCode::conflict, "Port " + std::to_string(port) + " on " + address + " is in use; choose another with --port."};
  }
  if (error == asio::error::access_denied) return {ErrorCode::forbidden, "This user may not listen on " + where + "."};
  return {ErrorCode::unavailable, "Cannot listen on " + where + ": " + error.message() + "."};
}

/// "localhost" and "[::1]" as a person writes them.
std::string plain_address(const std::string& address) {
  if (address == "localhost") return "127.0.0.1";
  if (address.starts_with('[') && address.ends_with(']')) return address.substr(1, address.size() - 2);
  return address;
}

}  // namespace

class HttpServer::State : public std::enable_shared_from_this<HttpServer::State> {
 public:
  State(asio::any_io_executor executor, HttpHandler& handler, HttpLimits limits)
      : executor_(executor), strand_(asio::make_strand(executor)), handler_(handler), limits_(limits), all_gone_(strand_) {}

  Result<std::uint16_t> listen(const std::string& address, std::uint16_t port) {
    boost::system::error_code error;
    const auto ip = asio::ip::make_address(plain_address(address), error);
    if (error) return fail(ErrorCode::invalid_argument, "'" + address + "' is not an IP address; write one such as 127.0.0.1.");
    const tcp::endpoint endpoint(ip, port);
    auto acceptor = std::make_shared<tcp::acceptor>(strand_);
    acceptor->open(endpoint.protocol(), error);
    if (!error) acceptor->set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor->bind(endpoint, error);
    if (!error) acceptor->listen(asio::socket_base::max_listen_connections, error);
    if (error) return std::unexpected(listen_error(error, address, port));
    {
      const std::lock_guard lock(mutex_);
      acceptors_.push_back(acceptor);
    }
    asio::co_spawn(strand_, accept_loop(shared_from_this(), acceptor), asio::detached);
    return acceptor->local_endpoint().port();
  }

  /// Closes the acceptors; from any thread.
  void stop_accepting() {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const auto& acceptor : acceptors_) {
      asio::post(strand_, [acceptor] {
        boost::system::error_code ignored;
        acceptor->close(ignored);
      });
    }
    acceptors_.clear();
  }

  void for_each_connection(void (HttpConnection::*action)()) {
    const std::lock_guard lock(mutex_);
    for (const auto& connection : connections_) (*connection.*action)();
  }

  [[nodiscard]] std::size_t connections() const {
    const std::lock_guard lock(mutex_);
    return connections_.size();
  }

  /// Runs on the strand.
  static asio::awaitable<bool> stop(std::shared_ptr<State> self, std::chrono::milliseconds grace) {
    self->stop_accepting();
    self->for_each_connection(&HttpConnection::finish);
    if (co_await self->wait_until_gone(grace)) co_return true;
    self->for_each_connection(&HttpConnection::abort);
    co_return co_await self->wait_until_gone(kAbortTime);
  }

  [[nodiscard]] const asio::strand<asio::any_io_executor>& strand() const { return strand_; }

 private:
  using ConnectionPtr = std::shared_ptr<HttpConnection>;

  static asio::awaitable<void> accept_loop(std::shared_ptr<State> self, std::shared_ptr<tcp::acceptor> acceptor) {
    asio::steady_timer pause(self->strand_);
    while (true) {
      auto [error, socket] = co_await acceptor->async_accept(asio::any_io_executor(asio::make_strand(self->executor_)), kTuple);
      if (!acceptor->is_open() || error == asio::error::operation_aborted) co_return;
      if (error) {
        // Out of descriptors, mostly: those that are open go on, and new ones wait in the kernel's queue.
        log::warn("cannot accept a connection: {}", error.message());
        pause.expires_after(kAcceptPause);
        co_await pause.async_wait(kTuple);
        continue;
      }
      self->take(std::move(socket));
    }
  }

  void take(tcp::socket socket) {
    const auto executor = socket.get_executor();
    auto connection = std::make_shared<HttpConnection>(std::move(socket), handler_, limits_);
    bool refused = false;
    {
      const std::lock_guard lock(mutex_);
      if (stopping_ || connections_.size() >= limits_.connections + kMostRefusing) return;
      refused = connections_.size() >= limits_.connections;
      connections_.insert(connection);
    }
    asio::co_spawn(executor, serve(shared_from_this(), connection, refused), asio::detached);
  }

  static asio::awaitable<void> serve(std::shared_ptr<State> self, ConnectionPtr connection, bool refused) {
    co_await (refused ? connection->refuse_overload() : connection->run());
    self->forget(connection);
  }

  void forget(const ConnectionPtr& connection) {
    const std::lock_guard lock(mutex_);
    connections_.erase(connection);
    if (stopping_ && connections_.empty()) {
      asio::post(strand_, [self = shared_from_this()] { self->all_gone_.cancel(); });
    }
  }

  asio::awaitable<bool> wait_until_gone(std::chrono::milliseconds time) {
    if (connections() == 0) co_return true;
    // The last connection posts its cancel to this strand, so it cannot come between the look above and the wait.
    all_gone_.expires_after(time);
    co_await all_gone_.async_wait(kTuple);
    co_return connections() == 0;
  }

  asio::any_io_executor executor_;
  asio::strand<asio::any_io_executor> strand_;
  HttpHandler& handler_;
  const HttpLimits limits_;
  asio::steady_timer all_gone_;
  mutable std::mutex mutex_;
  bool stopping_ = false;
  std::vector<std::shared_ptr<tcp::acceptor>> acceptors_;
  std::unordered_set<ConnectionPtr> connections_;
};

HttpServer::HttpServer(asio::any_io_executor executor, HttpHandler& handler, HttpLimits limits)
    : state_(std::make_shared<State>(std::move(executor), handler, limits)) {}

HttpServer::~HttpServer() {
  state_->stop_accepting();
  state_->for_each_connection(&HttpConnection::abort);
}

Result<std::uint16_t> HttpServer::listen(const std::string& address, std::uint16_t port) {
  return state_->listen(address, port);
}

asio::awaitable<bool> HttpServer::stop(std::chrono::milliseconds grace) {
  co_return co_await asio::co_spawn(state_->strand(), State::stop(state_, grace), asio::use_awaitable);
}

std::size_t HttpServer::connections() const {
  return state_->connections();
}

}  // namespace gibsey::net
