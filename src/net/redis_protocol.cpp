#include "net/redis_protocol.hpp"

#include <fmt/format.h>
#include <hiredis/hiredis.h>

#include <cstdlib>
#include <new>

namespace gibsey::net {

namespace {

constexpr std::size_t kMostCommandBytes = 512 * 1024 * 1024;

struct FreeReply {
  void operator()(void* reply) const { freeReplyObject(reply); }
};

struct FreeBytes {
  void operator()(char* bytes) const { std::free(bytes); }
};

RedisReply::Kind kind_of(int type) {
  switch (type) {
    case REDIS_REPLY_STRING: return RedisReply::Kind::bulk;
    case REDIS_REPLY_ARRAY: return RedisReply::Kind::array;
    case REDIS_REPLY_INTEGER: return RedisReply::Kind::integer;
    case REDIS_REPLY_STATUS: return RedisReply::Kind::status;
    case REDIS_REPLY_ERROR: return RedisReply::Kind::error;
    default: return RedisReply::Kind::nil;
  }
}

/// The reader allows seven levels of arrays, so this ends.
RedisReply reply_of(const redisReply& read) {
  RedisReply reply{.kind = kind_of(read.type)};
  if (reply.kind == RedisReply::Kind::integer) reply.integer = read.integer;
  if (read.str != nullptr) reply.text.assign(read.str, read.len);
  if (reply.kind != RedisReply::Kind::array) return reply;
  reply.elements.reserve(read.elements);
  for (std::size_t i = 0; i < read.elements; ++i) reply.elements.push_back(reply_of(*read.element[i]));
  return reply;
}

}  // namespace

Result<std::string> encode_redis_command(const RedisCommand& command) {
  if (command.empty() || command.front().empty()) return fail(ErrorCode::invalid_argument, "a Redis command needs a name");
  std::vector<const char*> parts;
  std::vector<std::size_t> lengths;
  std::size_t total = 0;
  for (const auto& part : command) {
    parts.push_back(part.data());
    lengths.push_back(part.size());
    total += part.size();
  }
  if (total > kMostCommandBytes)
    return fail(ErrorCode::too_large, fmt::format("a Redis command of {} bytes is larger than Redis takes", total));
  char* formatted = nullptr;
  const int length = redisFormatCommandArgv(&formatted, static_cast<int>(parts.size()), parts.data(), lengths.data());
  if (length < 0) throw std::bad_alloc();
  const std::unique_ptr<char, FreeBytes> owner(formatted);
  return std::string(formatted, static_cast<std::size_t>(length));
}

void RedisReplyReader::Free::operator()(redisReader* reader) const {
  redisReaderFree(reader);
}

RedisReplyReader::RedisReplyReader(std::size_t most_bytes) : reader_(redisReaderCreate()), most_bytes_(most_bytes) {
  if (!reader_) throw std::bad_alloc();
}

RedisReplyReader::~RedisReplyReader() = default;

Result<void> RedisReplyReader::feed(std::string_view bytes) {
  unanswered_ += bytes.size();
  if (unanswered_ > most_bytes_)
    return fail(ErrorCode::corrupt, fmt::format("Redis sent an answer of more than {} bytes", most_bytes_));
  if (redisReaderFeed(reader_.get(), bytes.data(), bytes.size()) != REDIS_OK) {
    return fail(ErrorCode::corrupt, fmt::format("Redis sent what is no answer: {}", redisReaderGetError(reader_.get())));
  }
  return {};
}

Result<std::optional<RedisReply>> RedisReplyReader::next() {
  void* read = nullptr;
  const auto status = redisReaderGetReply(reader_.get(), &read);
  const std::unique_ptr<void, FreeReply> owner(read);
  if (status != REDIS_OK)
    return fail(ErrorCode::corrupt, fmt::format("Redis sent what is no answer: {}", redisReaderGetError(reader_.get())));
  if (!owner) return std::optional<RedisReply>();
  unanswered_ = 0;
  return reply_of(*static_cast<const redisReply*>(owner.get()));
}

}  // namespace gibsey::net
