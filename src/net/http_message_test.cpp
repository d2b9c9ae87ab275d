#include "net/http_message.hpp"

#include <gtest/gtest.h>

namespace gibsey::net {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

TEST(HttpMessage, DecodesQueries) {
  EXPECT_EQ(*parse_query("q=why+the%20tower%3F&k=8&&flag&x=a=b"),
            (Pairs{{"q", "why the tower?"}, {"k", "8"}, {"flag", ""}, {"x", "a=b"}}));
  EXPECT_EQ(*parse_query(""), Pairs{});
  for (const char* bad : {"q=%", "q=%4", "q=%zz", "q=%ff", "q=%C3", "%E2%28%A1=1"}) EXPECT_FALSE(parse_query(bad)) << bad;
}

TEST(HttpMessage, DecodesEachSegmentOfAPathByItself) {
  using Segments = std::vector<std::string>;
  EXPECT_EQ(*parse_path("/"), Segments{});
  EXPECT_EQ(*parse_path("/pages/4%2F2"), (Segments{"pages", "4/2"}));
  EXPECT_EQ(*parse_path("/pages/a+b/"), (Segments{"pages", "a+b", ""}));
  EXPECT_EQ(*parse_path("//x"), (Segments{"", "x"}));
  EXPECT_FALSE(parse_path("/%80"));
}

TEST(HttpMessage, HeaderValuesCannotBeginALineOfTheirOwn) {
  HttpHeaders headers;
  headers.add("X-A", "1\r\nX-B: 2");
  EXPECT_EQ(headers.find("x-a"), "1  X-B: 2");
  EXPECT_FALSE(headers.find("X-B"));
}

TEST(HttpMessage, FindsTokensInListsOfSeveralFields) {
  const HttpHeaders headers{{"Connection", "keep-alive, Upgrade"}, {"connection", " close "}};
  EXPECT_TRUE(headers.has_token("Connection", "upgrade"));
  EXPECT_TRUE(headers.has_token("Connection", "Close"));
  EXPECT_FALSE(headers.has_token("Connection", "clos"));
  EXPECT_EQ(headers.count("CONNECTION"), 2U);
}

TEST(HttpMessage, DatesAreWrittenAsHttpWantsThem) {
  const auto date = http_date();
  EXPECT_EQ(date.size(), 29U);
  EXPECT_TRUE(date.ends_with(" GMT"));
}

}  // namespace
}  // namespace gibsey::net
