#include "net/tcp_connect.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <charconv>
#include <list>
#include <memory>
#include <optional>

namespace gibsey::net {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

struct LookUp {
  explicit LookUp(const asio::any_io_executor& executor) : resolver(executor), end(executor) {}
  tcp::resolver resolver;
  asio::steady_timer end;
  std::optional<std::expected<tcp::resolver::results_type, error_code>> outcome;
};

std::vector<tcp::endpoint> families_by_turns(const tcp::resolver::results_type& found) {
  std::vector<tcp::endpoint> first;
  std::vector<tcp::endpoint> other;
  for (const auto& entry : found) {
    const bool as_first = first.empty() || entry.endpoint().protocol() == first.front().protocol();
    (as_first ? first : other).push_back(entry.endpoint());
  }
  std::vector<tcp::endpoint> mixed;
  for (std::size_t i = 0; i < std::max(first.size(), other.size()); ++i) {
    if (i < first.size()) mixed.push_back(first[i]);
    if (i < other.size()) mixed.push_back(other[i]);
  }
  return mixed;
}

/// Kept by what it has begun, so that a connection that fails late finds it.
class Race : public std::enable_shared_from_this<Race> {
 public:
  Race(const asio::any_io_executor& executor, std::vector<tcp::endpoint> addresses, std::chrono::milliseconds patience)
      : executor_(executor), addresses_(std::move(addresses)), patience_(patience), next_turn_(executor), end_(executor) {}

  asio::awaitable<std::expected<tcp::socket, error_code>> run(TcpConnectEnd until) {
    end_.expires_at(until);
    over_ = addresses_.empty();
    begin_next();
    error_code ignored;
    if (!over_) co_await end_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    if (!over_) failure_ = asio::error::timed_out;
    finish();
    if (!winner_) co_return std::unexpected(failure_);
    co_return *std::move(winner_);
  }

 private:
  void begin_next() {
    if (over_ || begun_ == addresses_.size()) return;
    const auto& address = addresses_[begun_++];
    const auto socket = runners_.emplace(runners_.end(), executor_);
    socket->async_connect(address, [self = shared_from_this(), socket](error_code error) { self->arrived(socket, error); });
    if (begun_ == addresses_.size()) return;
    next_turn_.expires_after(patience_);
    next_turn_.async_wait([self = shared_from_this()](error_code error) {
      if (!error) self->begin_next();
    });
  }

  void arrived(std::list<tcp::socket>::iterator socket, error_code error) {
    if (!over_ && !error) {
      winner_ = std::move(*socket);
      winner_->set_option(tcp::no_delay(true), error);
      runners_.erase(socket);
      finish();
      return;
    }
    runners_.erase(socket);
    if (over_) return;
    failure_ = error;
    begin_next();
    if (runners_.empty()) finish();
  }

  void finish() {
    over_ = true;
    error_code ignored;
    for (auto& socket : runners_) socket.close(ignored);
    next_turn_.cancel();
    end_.cancel();
  }

  asio::any_io_executor executor_;
  std::vector<tcp::endpoint> addresses_;
  std::chrono::milliseconds patience_;
  asio::steady_timer next_turn_;
  asio::steady_timer end_;
  std::list<tcp::socket> runners_;
  std::size_t begun_ = 0;
  std::optional<tcp::socket> winner_;
  error_code failure_ = asio::error::host_not_found;
  bool over_ = false;
};

}  // namespace

asio::awaitable<std::expected<std::vector<tcp::endpoint>, error_code>> look_up(std::string host, std::string port,
                                                                               TcpConnectEnd until) {
  error_code error;
  std::uint16_t number = 0;
  std::from_chars(port.data(), port.data() + port.size(), number);
  const auto address = asio::ip::make_address(host, error);
  if (!error) co_return std::vector{tcp::endpoint(address, number)};
  const auto asked = std::make_shared<LookUp>(co_await asio::this_coro::executor);
  asked->end.expires_at(until);
  asked->resolver.async_resolve(host, port, [asked](error_code failed, tcp::resolver::results_type found) {
    if (failed) {
      asked->outcome = std::unexpected(failed);
    } else {
      asked->outcome = std::move(found);
    }
    asked->end.cancel();
  });
  co_await asked->end.async_wait(asio::redirect_error(asio::use_awaitable, error));
  if (!asked->outcome) co_return std::unexpected(error_code(asio::error::timed_out));
  if (!*asked->outcome) co_return std::unexpected(asked->outcome->error());
  co_return families_by_turns(**asked->outcome);
}

asio::awaitable<std::expected<tcp::socket, error_code>> connect_any(std::vector<tcp::endpoint> addresses, TcpConnectEnd until,
                                                                    std::chrono::milliseconds patience) {
  const auto race = std::make_shared<Race>(co_await asio::this_coro::executor, std::move(addresses), patience);
  co_return co_await race->run(until);
}

}  // namespace gibsey::net
