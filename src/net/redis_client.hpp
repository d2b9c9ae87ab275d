#pragma once
#include "base/deadline.hpp"
#include "base/result.hpp"
#include "net/redis_protocol.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gibsey::net {

struct RedisOptions {
  std::string host = "127.0.0.1";  ///< a name, an address, or the path of a unix socket, which begins with '/'
  std::uint16_t port = 6379;
  int db = 0;
  std::string password;                            ///< "": none
  std::chrono::milliseconds connect_limit{2'000};  ///< name, connection, AUTH, SELECT and PING together
  std::chrono::milliseconds answer_limit{5'000};   ///< a connection that owes an answer and is silent for so long is given up
  std::chrono::milliseconds first_backoff{100};    ///< after a failed attempt; doubled after each further one
  std::chrono::milliseconds longest_backoff{5'000};
  std::size_t most_commands = 4'096;          ///< unanswered at a time
  std::size_t most_bytes = 64 * 1024 * 1024;  ///< not yet written
};

struct RedisState {
  bool connected = false;
  std::optional<double> latency_ms;  ///< of the newest answer
  std::string
      detail;  ///< why there is no connection (before the first command there is none); "" when there is one. Never a secret
};

/// One connection to Redis, shared by all callers: commands are written in the order of the calls, without waiting for each
/// other's answers. It connects at the first call, and from then on connects again by itself when the connection breaks; after a
/// failed attempt calls fail at once until an attempt succeeds. Not for commands that block or subscribe, nor for WATCH, since
/// others' commands come in between. Safe to use from any executor and thread; the executor given must run. End it before its
/// execution context.
class RedisClient {
 public:
  RedisClient(const boost::asio::any_io_executor& executor, RedisOptions options);
  /// As stop().
  ~RedisClient();
  RedisClient(const RedisClient&) = delete;
  RedisClient& operator=(const RedisClient&) = delete;

  /// The answer, which may be an error that Redis states. Errors: unavailable (no connection, or it broke: whether the command
  /// was carried out is then not known), deadline (the same; one that was not written yet will not be), busy (most_commands or
  /// most_bytes are waiting), corrupt (what came is no answer), too_large, invalid_argument (an empty command), cancelled
  /// (stopped).
  boost::asio::awaitable<Result<RedisReply>> call(RedisCommand command, Deadline deadline);
  /// All of them in one go, nobody else's in between; an answer each, in order. Errors as call().
  boost::asio::awaitable<Result<std::vector<RedisReply>>> pipeline(std::vector<RedisCommand> commands, Deadline deadline);

  [[nodiscard]] RedisState state() const;
  /// Closes the connection; calls under way and later ones fail with cancelled. The executor then has no more work of this
  /// client.
  void stop();

 private:
  class Engine;
  std::shared_ptr<Engine> engine_;
};

}  // namespace gibsey::net
