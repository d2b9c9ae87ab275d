#include "server/auth/session_tokens.hpp"

#include "server/auth/base64url.hpp"
#include "server/auth/testing/signing.hpp"

#include <gtest/gtest.h>

namespace gibsey::server {
namespace {

constexpr std::int64_t kNow = 1'800'000'000;
const std::string kSecret = "a secret of exactly thirty-two b";

TEST(SessionTokens, ASessionComesBackAsItWas) {
  const SessionTokens tokens(kSecret);
  const auto session = tokens.read_session(tokens.sign(SessionClaims{"Ärzte \"1\"", {"admin"}, "00ff", kNow + 5}), kNow);
  ASSERT_TRUE(session) << session.error().reason;
  EXPECT_EQ(session->user_id, "Ärzte \"1\"");
  EXPECT_EQ(session->scopes, (std::set<std::string>{"admin"}));
  EXPECT_EQ(session->key_id, "00ff");
  EXPECT_EQ(session->expires, kNow + 5);
  const auto plain = tokens.read_session(tokens.sign(SessionClaims{"ann", {}, {}, kNow + 5}), kNow);
  ASSERT_TRUE(plain);
  EXPECT_TRUE(plain->scopes.empty());
  EXPECT_TRUE(plain->key_id.empty());
}

TEST(SessionTokens, SessionsAndLinksExpire) {
  const SessionTokens tokens(kSecret);
  const auto session = tokens.read_session(tokens.sign(SessionClaims{"ann", {}, {}, kNow}), kNow);
  ASSERT_FALSE(session);
  EXPECT_TRUE(session.error().expired);
  const auto link = tokens.sign(LinkClaims{"ann", turn_resource("1"), kNow});
  EXPECT_TRUE(tokens.read_link(link, turn_resource("1"), kNow - 1));
  ASSERT_FALSE(tokens.read_link(link, turn_resource("1"), kNow));
  EXPECT_TRUE(tokens.read_link(link, turn_resource("1"), kNow).error().expired);
}

TEST(SessionTokens, ALinkIsForOneResource) {
  const SessionTokens tokens(kSecret);
  const auto link = tokens.sign(LinkClaims{"ann", turn_resource("12"), kNow + 5});
  const auto read = tokens.read_link(link, turn_resource("12"), kNow);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->user_id, "ann");
  for (const auto& other : {turn_resource("1"), turn_resource("123"), turn_resource(""), session_resource("12"),
                            std::string(kChatSocket), std::string("12"), std::string()}) {
    ASSERT_FALSE(tokens.read_link(link, other, kNow)) << other;
    EXPECT_EQ(tokens.read_link(link, other, kNow).error().reason, "link to another resource");
  }
}

TEST(SessionTokens, ALinkIsNoSessionAndASessionNoLink) {
  const SessionTokens tokens(kSecret);
  EXPECT_FALSE(tokens.read_session(tokens.sign(LinkClaims{"ann", turn_resource("1"), kNow + 5}), kNow));
  EXPECT_FALSE(tokens.read_link(tokens.sign(SessionClaims{"ann", {}, {}, kNow + 5}), turn_resource("1"), kNow));
}

TEST(SessionTokens, OthersCannotSignThem) {
  const SessionTokens tokens(kSecret);
  EXPECT_FALSE(
      tokens.read_session(SessionTokens("another secret of thirty-two byt").sign(SessionClaims{"ann", {}, {}, kNow + 5}), kNow));
  // Not even whoever has the operator's secret but signs an ordinary token with it.
  const std::string payload = R"({"sub":"ann","exp":1800000005,"res":"turn:1"})";
  for (const char* type : {"gibsey-session", "gibsey-link", "JWT"}) {
    const auto token = testing::hs256(R"({"alg":"HS256","typ":")" + std::string(type) + "\"}", payload, kSecret);
    EXPECT_FALSE(tokens.read_session(token, kNow)) << type;
    EXPECT_FALSE(tokens.read_link(token, turn_resource("1"), kNow)) << type;
  }
}

TEST(SessionTokens, EveryChangedCharacterIsNoticed) {
  const SessionTokens tokens(kSecret);
  const auto session = tokens.sign(SessionClaims{"ann", {"admin"}, {}, kNow + 5});
  const auto link = tokens.sign(LinkClaims{"ann", turn_resource("1"), kNow + 5});
  for (std::size_t i = 0; i < session.size(); ++i) {
    auto bad = session;
    bad[i] = bad[i] == 'A' ? 'Q' : 'A';
    EXPECT_FALSE(tokens.read_session(bad, kNow)) << i;
  }
  for (std::size_t i = 0; i < link.size(); ++i) {
    auto bad = link;
    bad[i] = bad[i] == 'A' ? 'Q' : 'A';
    EXPECT_FALSE(tokens.read_link(bad, turn_resource("1"), kNow)) << i;
  }
  const auto last = session.rfind('.');
  const auto forged = base64url(R"({"sub":"bob","exp":1800000005,"scopes":["admin"]})");
  EXPECT_FALSE(tokens.read_session(session.substr(0, session.find('.') + 1) + forged + session.substr(last), kNow));
}

}  // namespace
}  // namespace gibsey::server
