#include "net/origin_check.hpp"

#include <gtest/gtest.h>

namespace gibsey::net {
namespace {

HttpRequest request(const std::string& host, const std::string& origin = {}) {
  HttpRequest made;
  made.method = "POST";
  made.target = "/ask";
  made.host = host;
  if (!origin.empty()) made.headers.add("Origin", origin);
  return made;
}

TEST(OriginCheck, LoopbackNamesAreAllowedWithAnyPort) {
  const OriginCheck check({});
  for (const char* host : {"localhost", "localhost:8002", "LocalHost:1", "127.0.0.1", "127.0.0.1:8002", "127.8.9.10:80", "[::1]",
                           "[::1]:8002", "[0:0:0:0:0:0:0:1]:8002"}) {
    EXPECT_TRUE(check.check(request(host)).allowed) << host;
  }
}

TEST(OriginCheck, OtherHostNamesAreRefusedAgainstRebinding) {
  const OriginCheck check({});
  for (const char* host : {"evil.example",
                           "evil.example:8002",
                           "127.0.0.1.evil.example",
                           "localhost.evil.example",
                           "localhost@evil.example",
                           "evil.example#localhost",
                           "128.0.0.1",
                           "0.0.0.0:8002",
                           "10.0.0.5",
                           "[::2]",
                           "[::1",
                           "[::1]x",
                           "[::1]:80x",
                           "localhost:80:80",
                           "localhost:123456",
                           "127.1",
                           "2130706433",
                           "",
                           ":8002",
                           "[]"}) {
    const auto verdict = check.check(request(host));
    EXPECT_FALSE(verdict.allowed) << host;
    EXPECT_FALSE(verdict.refusal.empty());
  }
}

TEST(OriginCheck, ARequestOfHttp10MayHaveNoHost) {
  const OriginCheck check({});
  auto old = request("");
  old.minor_version = 0;
  EXPECT_TRUE(check.check(old).allowed);
}

TEST(OriginCheck, ForeignOriginsAreRefused) {
  const OriginCheck check({});
  for (const char* origin :
       {"https://evil.example", "http://evil.example:8002", "null", "http://localhost.evil.example",
        "http://127.0.0.1.evil.example", "http://evil.example/localhost", "file://", "chrome-extension://abcdef",
        "http://localhost@evil.example", "http://", "localhost", "http://localhost:8002/x", "http://evil.example?localhost"}) {
    EXPECT_FALSE(check.check(request("localhost:8002", origin)).allowed) << origin;
  }
}

TEST(OriginCheck, LoopbackOriginsAreAllowedAndEchoed) {
  const OriginCheck check({});
  for (const char* origin : {"http://localhost:8002", "http://localhost:5173", "http://127.0.0.1:8002", "https://[::1]:8443"}) {
    const auto verdict = check.check(request("localhost:8002", origin));
    EXPECT_TRUE(verdict.allowed) << origin;
    EXPECT_EQ(verdict.origin, origin);
  }
}

TEST(OriginCheck, TheAllowListNamesHostsAndExactOrigins) {
  const OriginCheck check({{"gibsey.lan"}, {"https://front.example"}});
  EXPECT_TRUE(check.check(request("gibsey.lan:8002")).allowed);
  EXPECT_TRUE(check.check(request("GIBSEY.lan", "https://gibsey.lan")).allowed);
  EXPECT_TRUE(check.check(request("localhost:8002", "https://front.example")).allowed);
  EXPECT_FALSE(check.check(request("localhost:8002", "http://front.example")).allowed);
  EXPECT_FALSE(check.check(request("localhost:8002", "https://front.example:444")).allowed);
  EXPECT_FALSE(check.check(request("localhost:8002", "https://gibsey.lan")).allowed);
  EXPECT_FALSE(check.check(request("front.example")).allowed);
}

TEST(OriginCheck, TwoOriginsAreOneTooMany) {
  auto twice = request("localhost", "http://localhost");
  twice.headers.add("Origin", "https://evil.example");
  EXPECT_FALSE(OriginCheck({}).check(twice).allowed);
}

TEST(OriginCheck, CorsFieldsAllowTheOriginWithItsCredentials) {
  HttpHeaders headers;
  add_cors(headers, "https://front.example", "Retry-After");
  EXPECT_EQ(headers.find("Access-Control-Allow-Origin"), "https://front.example");
  EXPECT_EQ(headers.find("Access-Control-Allow-Credentials"), "true");
  EXPECT_EQ(headers.find("Access-Control-Expose-Headers"), "Retry-After");
  EXPECT_EQ(headers.find("Vary"), "Origin");
  HttpHeaders without;
  add_cors(without, "", "Retry-After");
  EXPECT_FALSE(without.find("Access-Control-Allow-Origin"));
  EXPECT_EQ(without.find("Vary"), "Origin");
}

}  // namespace
}  // namespace gibsey::net
