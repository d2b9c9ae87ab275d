#pragma once
#include "net/redis_client.hpp"
#include "net/redis_protocol.hpp"
#include "net/timeout.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <array>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace gibsey::net {

/// One connection to Redis, from the attempt to its end; a new attempt needs a new one. `options` must outlive it. Not
/// thread-safe: use it on the executor (a strand) that it was given.
class RedisLink {
 public:
  /// `on_silence`: called when Redis was silent for too long, after the connection was closed for that. Looking up a name cannot
  /// be broken off, so open() may end later.
  RedisLink(const boost::asio::any_io_executor& executor, const RedisOptions& options, std::function<void()> on_silence);

  /// Connects, names the password, selects the database; answers how long a PING took. Errors: unavailable, corrupt.
  boost::asio::awaitable<Result<std::chrono::steady_clock::duration>> open();
  /// Waits for bytes; next() then has the answers that they hold. Errors: unavailable (the end of the connection), corrupt.
  boost::asio::awaitable<Result<void>> read();
  [[nodiscard]] Result<std::optional<RedisReply>> next() { return reader_.next(); }
  /// An error closes the connection: read() then tells it.
  boost::asio::awaitable<void> write(std::string_view bytes);

  /// Gives the connection up if it is silent for RedisOptions::answer_limit from now on.
  void expect_answer();
  void expect_nothing();

  void close();
  [[nodiscard]] bool closed() const { return closed_; }
  /// Why it cannot be used any more.
  [[nodiscard]] Error trouble(const boost::system::error_code& error) const;

 private:
  static constexpr std::size_t kReadBytes = 64 * 1024;

  boost::asio::awaitable<Result<void>> connect();
  boost::asio::awaitable<Result<void>> ask(RedisCommand command);
  [[nodiscard]] Error refusal(const RedisCommand& command, const std::string& text) const;

  const RedisOptions& options_;
  boost::asio::generic::stream_protocol::socket socket_;
  boost::asio::ip::tcp::resolver resolver_;
  Timeout limit_;
  RedisReplyReader reader_;
  std::array<char, kReadBytes> in_{};
  const char* doing_ = "connecting";
  bool closed_ = false;
};

/// "Redis at 127.0.0.1:6379", for messages.
[[nodiscard]] std::string place_of(const RedisOptions& options);

}  // namespace gibsey::net
