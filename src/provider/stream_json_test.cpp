#include "provider/stream_json.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace gibsey::provider {
namespace {

std::string nested(int depth) {
  return std::string(static_cast<std::size_t>(depth), '[') + std::string(static_cast<std::size_t>(depth), ']');
}

TEST(StreamJson, DepthIsBounded) {
  EXPECT_TRUE(parse_stream_json(nested(100)).is_array());
  EXPECT_TRUE(parse_stream_json(nested(101)).is_discarded());
  EXPECT_TRUE(parse_stream_json(std::string(4'000'000, '{')).is_discarded());
}

TEST(StreamJson, BracketsInTextDoNotCount) {
  const auto text = std::string(500, '[') + "\\\"" + std::string(500, '{') + "\\\\";
  const auto parsed = parse_stream_json("{\"a\":\"" + text + "\",\"b\":[1]}");
  ASSERT_TRUE(parsed.is_object());
  EXPECT_EQ(parsed["b"][0], 1);
}

TEST(StreamJson, TextThatIsNoJsonIsDiscarded) {
  for (const auto* text : {"", "{", "]", "\"", "\"\\", "{\"a\":1}}", "\xFF"}) {
    EXPECT_TRUE(parse_stream_json(text).is_discarded()) << text;
  }
}

}  // namespace
}  // namespace gibsey::provider
