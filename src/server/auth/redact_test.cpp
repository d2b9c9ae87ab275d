#include "server/auth/redact.hpp"

#include "server/auth/api_keys.hpp"
#include "server/auth/jwt.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace gibsey::server {
namespace {

TEST(Redact, HidesTheValuesOfSecretsAndNothingElse) {
  const std::pair<const char*, const char*> cases[] = {
      {"/", "/"},
      {"/pages?from=1&to=3", "/pages?from=1&to=3"},
      {"/v1/turns/3fa/events?token=abc", "/v1/turns/3fa/events?token=***"},
      {"/ws/s1?user_id=ann&token=abc&x=1", "/ws/s1?user_id=ann&token=***&x=1"},
      {"/a?token=", "/a?token=***"},
      {"/a?token", "/a?token"},
      {"/a?TOKEN=abc&Access_Token=d&id-token=e", "/a?TOKEN=***&Access_Token=***&id-token=***"},
      {"/a?api_key=1&apiKey=2&X-API-Key=3&key=4", "/a?api_key=***&apiKey=***&X-API-Key=***&key=***"},
      {"/a?client_secret=1&password=2&sig=3&code=4&authorization=5",
       "/a?client_secret=***&password=***&sig=***&code=***&authorization=***"},
      {"/a?keyword=1&author=2&monkey=3&encode=4", "/a?keyword=1&author=2&monkey=3&encode=4"},
      {"/a?%74oken=abc", "/a?%74oken=***"},
      {"/a?to%6B%65n=abc", "/a?to%6B%65n=***"},
      {"/a?t%oken=abc", "/a?***"},
      {"/a?x=%zz", "/a?x=***"},
      {"/a?x=1?token=abc", "/a?x=***"},
      {"/a?x=1%26token=abc", "/a?x=***"},
      {"/a?x=1;token=abc", "/a?x=***"},
      {"/a?x=gbs_abc", "/a?x=***"},
      {"/a?x=%67bs_abc", "/a?x=***"},
      {"/a?gbs_abc", "/a?***"},
      {"/a?gbs_abc=1", "/a?***"},
      {"/a?x=eyJhbGciOiJIUzI1NiJ9.e30.AA", "/a?x=***"},
      {"/v1/eyJhbGciOiJIUzI1NiJ9.e30.AA/x?y=1", "/v1/***/x?y=1"},
      {"/v1/gbs_abc", "/v1/***"},
      {"/v1/%67%62s_abc/", "/v1/***/"},
      {"/a?token=a=b=c&&", "/a?token=***&&"},
      {"/a?", "/a?"},
      {"", ""},
      {"?token=a", "?token=***"},
      {"http://host:1/a?token=abc", "http://host:1/a?token=***"},
  };
  for (const auto& [target, expected] : cases) EXPECT_EQ(loggable_target(target), expected);
}

TEST(Redact, OurKeysAndTokensNeverShow) {
  const auto key = new_api_key();
  const auto token = sign_jws({{"sub", "ann"}}, "gibsey-link", std::string(32, 'x'));
  for (const auto& secret : {key, token}) {
    for (const auto& target :
         {"/" + secret, "/a?" + secret, "/a?x=" + secret, "/a?" + secret + "=1", "/a?token=" + secret, "/a?x=1&y=%20" + secret}) {
      EXPECT_EQ(loggable_target(target).find(secret.substr(0, 12)), std::string::npos) << target;
    }
  }
}

}  // namespace
}  // namespace gibsey::server
