#include "net/http_url.hpp"

#include <gtest/gtest.h>

namespace gibsey::net {
namespace {

TEST(HttpUrl, TakesLiteralsOutOfTheirBrackets) {
  const auto url = parse_http_url("http://[::1]:8080/x");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->host, "::1");
  EXPECT_EQ(url->port, "8080");
  EXPECT_EQ(authority(*url), "[::1]:8080");
  EXPECT_EQ(parse_http_url("http://10.0.0.1")->host, "10.0.0.1");
  EXPECT_EQ(authority(*parse_http_url("https://[fd00::1]")), "[fd00::1]");
  EXPECT_EQ(authority(*parse_http_url("https://models.example:443/")), "models.example");
  EXPECT_EQ(authority(*parse_http_url("https://models.example:80/")), "models.example:80");
}

TEST(HttpUrl, RefusesWhatWouldBreakARequest) {
  for (const auto* address : {"http://ho%0d%0aX:y/", "http://ho%20st/", "http://h%2Fx/", "http://host:0/", "http://host:65536/",
                              "http://host:99999999999/", "http://%C3%A9.example/"}) {
    const auto url = parse_http_url(address);
    ASSERT_FALSE(url) << address;
    EXPECT_EQ(url.error().code, ErrorCode::invalid_argument);
  }
}

TEST(SplitHostPort, TellsHostFromPort) {
  struct Case {
    std::string text;
    std::string host;
    std::string port;
  };
  for (const auto& [text, host, port] : std::vector<Case>{{"host", "host", ""},
                                                          {"host:80", "host", "80"},
                                                          {"::1", "::1", ""},
                                                          {"[::1]", "::1", ""},
                                                          {"[::1]:80", "::1", "80"},
                                                          {"10.0.0.1:65535", "10.0.0.1", "65535"}}) {
    const auto parts = split_host_port(text);
    ASSERT_TRUE(parts) << text;
    EXPECT_EQ(parts->host, host);
    EXPECT_EQ(parts->port, port);
  }
  for (const auto* text : {"", ":80", "host:", "host:x", "host:0", "[::1", "[]:80", "[::1]80", "[::1]:", "ho st"}) {
    EXPECT_FALSE(split_host_port(text)) << text;
  }
}

}  // namespace
}  // namespace gibsey::net
