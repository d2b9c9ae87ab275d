#include "server/auth/session_cookie.hpp"

#include <gtest/gtest.h>

namespace gibsey::server {
namespace {

using Values = std::vector<std::string_view>;

net::HttpRequest with_cookies(std::initializer_list<const char*> fields) {
  net::HttpRequest request;
  for (const char* field : fields) request.headers.add("Cookie", field);
  return request;
}

TEST(SessionCookie, ScriptsAndForeignPagesDoNotGetIt) {
  EXPECT_EQ(set_cookie({}, "abc", std::chrono::hours(1)), "gibsey_session=abc; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax");
  EXPECT_EQ(set_cookie({"s", true, false}, "abc", std::chrono::seconds(1)),
            "s=abc; Path=/; Max-Age=1; HttpOnly; SameSite=Lax; Secure");
  EXPECT_EQ(set_cookie({"s", false, true}, "abc", std::chrono::seconds(1)),
            "s=abc; Path=/; Max-Age=1; HttpOnly; SameSite=None; Secure");
  EXPECT_EQ(clear_cookie({}), "gibsey_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
}

TEST(SessionCookie, ItsNameCannotHoldMoreThanAName) {
  for (const char* name : {"gibsey_session", "a", "s-1.x"}) EXPECT_TRUE(check_cookie({name, false, false})) << name;
  for (const char* name : {"", "a b", "a=b", "a;b", "a\r\nb", "\"a\"", "ä", "a,b"})
    EXPECT_FALSE(check_cookie({name, true, false})) << name;
  EXPECT_FALSE(check_cookie({"__Host-s", false, false}));
  EXPECT_TRUE(check_cookie({"__Host-s", true, false}));
  EXPECT_TRUE(check_cookie({"__Secure-s", false, true}));
}

TEST(SessionCookie, IsFoundAmongOthersByItsWholeName) {
  EXPECT_EQ(find_cookies(with_cookies({}), "s"), Values());
  EXPECT_EQ(find_cookies(with_cookies({"s=1"}), "s"), Values{"1"});
  EXPECT_EQ(find_cookies(with_cookies({"a=0; s=1; b=2"}), "s"), Values{"1"});
  EXPECT_EQ(find_cookies(with_cookies({"a=0;s=1;;=;x"}), "s"), Values{"1"});
  EXPECT_EQ(find_cookies(with_cookies({"ss=0; S=1; as=2; a=s=3"}), "s"), Values());
  EXPECT_EQ(find_cookies(with_cookies({" s = a=b "}), "s"), Values{"a=b"});
  EXPECT_EQ(find_cookies(with_cookies({"s="}), "s"), Values{""});
  EXPECT_EQ(find_cookies(with_cookies({"s"}), "s"), Values());
  EXPECT_EQ(find_cookies(with_cookies({"s=1; s=2"}), "s"), (Values{"1", "2"}));
  EXPECT_EQ(find_cookies(with_cookies({"s=1", "s=2"}), "s"), (Values{"1", "2"}));
}

TEST(SessionCookie, ActsOnlyForAPageThatSaysWhereItIs) {
  struct Case {
    const char* method;
    bool origin;
    bool upgrade;
    bool may;
  };
  const Case cases[] = {{"GET", false, false, true},    {"HEAD", false, false, true}, {"OPTIONS", false, false, true},
                        {"POST", false, false, false},  {"PUT", false, false, false}, {"DELETE", false, false, false},
                        {"PATCH", false, false, false}, {"POST", true, false, true},  {"DELETE", true, false, true},
                        {"GET", false, true, false},    {"GET", true, true, true}};
  for (const auto& [method, origin, upgrade, may] : cases) {
    net::HttpRequest request;
    request.method = method;
    if (origin) request.headers.add("Origin", "http://localhost:8002");
    if (upgrade) request.headers.add("Upgrade", "websocket");
    EXPECT_EQ(cookie_may_act(request), may) << method << origin << upgrade;
  }
}

}  // namespace
}  // namespace gibsey::server
