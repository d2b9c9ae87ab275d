#pragma once
#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct redisReader;

namespace gibsey::net {

/// What Redis answers to a command. An error that Redis states is an answer like any other.
struct RedisReply {
  enum class Kind { status, error, integer, bulk, nil, array };

  Kind kind = Kind::nil;
  std::string text;  ///< of a status, an error ("CODE words") or a bulk string; any bytes
  std::int64_t integer = 0;
  std::vector<RedisReply> elements;

  bool operator==(const RedisReply&) const = default;
};

/// The name and the arguments of a command; any bytes.
using RedisCommand = std::vector<std::string>;

/// A command as it goes over the wire (RESP2). Errors: invalid_argument (it has no name), too_large (Redis takes 512 MiB).
[[nodiscard]] Result<std::string> encode_redis_command(const RedisCommand& command);

/// Takes the bytes of one connection apart into answers, however they are cut. After an error it is of no further use.
class RedisReplyReader {
 public:
  /// `most_bytes`: of one answer.
  explicit RedisReplyReader(std::size_t most_bytes = 64 * 1024 * 1024);
  ~RedisReplyReader();
  RedisReplyReader(const RedisReplyReader&) = delete;
  RedisReplyReader& operator=(const RedisReplyReader&) = delete;

  /// Errors: corrupt (an answer of more than most_bytes).
  [[nodiscard]] Result<void> feed(std::string_view bytes);
  /// The next whole answer; nullopt until more is fed. Errors: corrupt.
  [[nodiscard]] Result<std::optional<RedisReply>> next();

 private:
  struct Free {
    void operator()(redisReader* reader) const;
  };
  std::unique_ptr<redisReader, Free> reader_;
  std::size_t most_bytes_;
  std::size_t unanswered_ = 0;  ///< bytes fed since the last whole answer
};

}  // namespace gibsey::net
