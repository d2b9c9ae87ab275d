#include "net/ndjson.hpp"

#include <gtest/gtest.h>

namespace gibsey::net {
namespace {

TEST(Ndjson, LinesDoNotDependOnTheCut) {
  const std::string stream = "{\"a\":1}\r\n\n{\"b\":\"\xC3\xA9\"}\nrest";
  const std::vector<std::string> expected = {"{\"a\":1}", "{\"b\":\"\xC3\xA9\"}"};
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    NdjsonReader reader;
    std::vector<std::string> lines;
    ASSERT_TRUE(reader.feed(std::string_view(stream).substr(0, cut), lines));
    ASSERT_TRUE(reader.feed(std::string_view(stream).substr(cut), lines));
    EXPECT_EQ(lines, expected) << cut;
    EXPECT_EQ(reader.rest(), "rest");
  }
}

TEST(Ndjson, ALineIsBounded) {
  NdjsonReader reader(8);
  std::vector<std::string> lines;
  EXPECT_TRUE(reader.feed("12345678\n1234", lines));
  EXPECT_EQ(reader.feed("56789", lines).error().code, ErrorCode::too_large);
}

TEST(Ndjson, APieceOverTheLimitIsNotKept) {
  NdjsonReader reader(8);
  std::vector<std::string> lines;
  EXPECT_EQ(reader.feed("{}\n" + std::string(100'000, 'x'), lines).error().code, ErrorCode::too_large);
  EXPECT_EQ(lines, std::vector<std::string>{"{}"});
  EXPECT_LE(reader.rest().size(), 8U);
}

}  // namespace
}  // namespace gibsey::net
