#include "net/redis_protocol.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace gibsey::net {
namespace {

using namespace std::string_literals;
using Kind = RedisReply::Kind;

RedisReply text(Kind kind, std::string words) {
  return {.kind = kind, .text = std::move(words)};
}
RedisReply number(std::int64_t value) {
  return {.kind = Kind::integer, .integer = value};
}

/// All answers in `bytes`, which are fed in pieces of `piece`.
std::vector<RedisReply> read_all(std::string_view bytes, std::size_t piece) {
  RedisReplyReader reader;
  std::vector<RedisReply> replies;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
    EXPECT_TRUE(reader.feed(bytes.substr(0, piece)));
    for (;;) {
      auto reply = reader.next();
      EXPECT_TRUE(reply);
      if (!reply || !*reply) break;
      replies.push_back(**std::move(reply));
    }
  }
  return replies;
}

TEST(RedisProtocol, EncodesAnyBytes) {
  EXPECT_EQ(encode_redis_command({"GET", "a b"}), "*2\r\n$3\r\nGET\r\n$3\r\na b\r\n");
  EXPECT_EQ(encode_redis_command({"SET", "\0\r\n"s, ""}), "*3\r\n$3\r\nSET\r\n$3\r\n\0\r\n\r\n$0\r\n\r\n"s);
}

TEST(RedisProtocol, ACommandNeedsAName) {
  EXPECT_EQ(encode_redis_command({}).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(encode_redis_command({"", "x"}).error().code, ErrorCode::invalid_argument);
}

TEST(RedisProtocol, ReadsEveryKindHoweverItIsCut) {
  const auto bytes =
      "+OK\r\n-ERR no such thing\r\n:-42\r\n$5\r\na\0\r\nb\r\n$0\r\n\r\n$-1\r\n*-1\r\n*0\r\n*3\r\n:1\r\n*2\r\n$1\r\nx\r\n$-1\r\n-ERR inside\r\n"s;
  const std::vector<RedisReply> expected{
      text(Kind::status, "OK"),
      text(Kind::error, "ERR no such thing"),
      number(-42),
      text(Kind::bulk, "a\0\r\nb"s),
      text(Kind::bulk, ""),
      {},
      {},
      {.kind = Kind::array},
      {.kind = Kind::array,
       .elements = {number(1), {.kind = Kind::array, .elements = {text(Kind::bulk, "x"), {}}}, text(Kind::error, "ERR inside")}}};
  for (const auto piece : {std::size_t{1}, std::size_t{2}, std::size_t{7}, bytes.size()})
    EXPECT_EQ(read_all(bytes, piece), expected) << piece;
}

TEST(RedisProtocol, WhatIsNoAnswerIsCorrupt) {
  for (const auto* bytes : {"HTTP/1.1 400 Bad Request\r\n\r\n", ":12x\r\n", "$x\r\n", "*99999999999999\r\n",
                            "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n"}) {
    RedisReplyReader reader;
    ASSERT_TRUE(reader.feed(bytes));
    const auto reply = reader.next();
    ASSERT_FALSE(reply) << bytes;
    EXPECT_EQ(reply.error().code, ErrorCode::corrupt);
    EXPECT_FALSE(reader.feed("+OK\r\n")) << "it does not recover";
  }
}

TEST(RedisProtocol, AnAnswerHasALimit) {
  RedisReplyReader reader(1'000);
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(reader.feed("$600\r\n" + std::string(600, 'x') + "\r\n"));
    EXPECT_TRUE(reader.next().value().has_value());
  }
  EXPECT_TRUE(reader.feed("$2000\r\n" + std::string(900, 'x')));
  EXPECT_FALSE(reader.next().value().has_value());
  EXPECT_EQ(reader.feed(std::string(100, 'x')).error().code, ErrorCode::corrupt);
}

}  // namespace
}  // namespace gibsey::net
