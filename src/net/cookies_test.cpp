#include "net/cookies.hpp"

#include <gtest/gtest.h>

namespace gibsey::net {
namespace {

using namespace std::chrono_literals;
using Cookies = std::vector<std::pair<std::string, std::string>>;

TEST(Cookies, AreParsedInTheirOrder) {
  EXPECT_EQ(parse_cookies("a=1; b=two;c = three "), (Cookies{{"a", "1"}, {"b", "two"}, {"c", "three"}}));
  EXPECT_EQ(parse_cookies("token=a=b==; quoted=\"x y\"; empty="),
            (Cookies{{"token", "a=b=="}, {"quoted", "\"x y\""}, {"empty", ""}}));
  EXPECT_EQ(parse_cookies("a=1; a=2"), (Cookies{{"a", "1"}, {"a", "2"}}));
}

TEST(Cookies, PartsThatAreNoneAreLeftOut) {
  EXPECT_EQ(parse_cookies(""), Cookies{});
  EXPECT_EQ(parse_cookies(";; ;"), Cookies{});
  EXPECT_EQ(parse_cookies("lonely; =nameless; \t=x; a=1;"), (Cookies{{"a", "1"}}));
}

TEST(Cookies, AreFoundInEveryCookieFieldByTheirExactName) {
  const HttpHeaders headers{{"Accept", "user=no"}, {"cookie", "User=upper; user=first"}, {"Cookie", "user=second; other=x"}};
  EXPECT_EQ(find_cookie(headers, "user"), "first");
  EXPECT_EQ(find_cookie(headers, "other"), "x");
  EXPECT_EQ(find_cookie(headers, "othe"), std::nullopt);
  EXPECT_EQ(find_cookie({}, "user"), std::nullopt);
}

TEST(Cookies, AreSetForThisSiteAloneAndOutOfTheReachOfScripts) {
  EXPECT_EQ(format_set_cookie({"sid", "abc-_.~%20"}), "sid=abc-_.~%20; Path=/; HttpOnly; SameSite=Lax");
  EXPECT_EQ(format_set_cookie({"sid", "x", 2h, true}), "sid=x; Path=/; HttpOnly; SameSite=Lax; Max-Age=7200; Secure");
  EXPECT_EQ(format_set_cookie({"sid", "", 0s}), "sid=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
  EXPECT_EQ(format_set_cookie({"sid", "", -5s}), "sid=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
}

TEST(Cookies, ThatCouldBeReadAsSomethingElseAreNotSet) {
  for (const std::string value : {"a b", "a;Domain=x", "a,b", "a\"b", "a\\b", "a\r\nX: y", "\xC3\xA9"}) {
    EXPECT_EQ(format_set_cookie({"sid", value}).error().code, ErrorCode::invalid_argument) << value;
  }
  EXPECT_EQ(format_set_cookie({"sid", std::string("a\0b", 3)}).error().code, ErrorCode::invalid_argument);
  for (const std::string name : {"", "a b", "a=b", "a;b", "n\xC3\xA4me", "a\n"}) {
    EXPECT_EQ(format_set_cookie({name, "x"}).error().code, ErrorCode::invalid_argument) << name;
  }
}

}  // namespace
}  // namespace gibsey::net
