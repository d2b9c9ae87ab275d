#include "server/auth/jwt.hpp"

#include "server/auth/testing/signing.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <optional>

namespace gibsey::server {
namespace {

using testing::hs256;
using testing::KeyPair;

constexpr std::int64_t kNow = 1'800'000'000;
constexpr const char* kHeader = R"({"alg":"HS256","typ":"JWT"})";
const std::string kSecret = "a secret of exactly thirty-two b";

JwtVerifier verifier(std::string audience = {}, std::string issuer = {}) {
  return JwtVerifier::make({"HS256", kSecret, std::move(audience), std::move(issuer)}).value();
}

/// The refusal of a token whose signature is good; nullopt when it is taken.
std::optional<TokenRefusal> refusal(const std::string& payload, const JwtVerifier& by = verifier()) {
  const auto claims = by.verify(hs256(kHeader, payload, kSecret), kNow);
  return claims ? std::nullopt : std::optional(claims.error());
}

std::string reason(const std::string& payload, const JwtVerifier& by = verifier()) {
  const auto refused = refusal(payload, by);
  return refused ? std::string(refused->reason) : "taken";
}

TEST(Jwt, ValidTokensOfTheThreeAlgorithmsAreTaken) {
  const auto rsa = KeyPair::rsa(2048);
  const auto ec = KeyPair::ec("P-256");
  const std::string payload = R"({"sub":"reader","exp":1800000001,"scope":"read admin"})";
  const std::tuple<std::string, std::string, std::string> cases[] = {
      {"HS256", kSecret, hs256(R"({"alg":"HS256"})", payload, kSecret)},
      {"RS256", rsa.public_pem(), testing::rs256(R"({"alg":"RS256"})", payload, rsa)},
      {"ES256", ec.public_pem(), testing::es256(R"({"alg":"ES256"})", payload, ec)},
  };
  for (const auto& [algorithm, key, token] : cases) {
    const auto claims = JwtVerifier::make({algorithm, key, {}, {}}).value().verify(token, kNow);
    ASSERT_TRUE(claims) << algorithm << claims.error().reason;
    EXPECT_EQ(claims->user_id, "reader");
    EXPECT_EQ(claims->scopes, (std::set<std::string>{"admin", "read"}));
    EXPECT_EQ(claims->expires, kNow + 1);
  }
}

TEST(Jwt, AWrongKeyIsAnErrorOfTheConfiguration) {
  const auto made = JwtVerifier::make({"HS256", "short", {}, {}});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::invalid_argument);
}

TEST(Jwt, TheTypeMayBeAnAccessTokensAndNoOther) {
  const std::string payload = R"({"sub":"reader","exp":1800000001})";
  const std::pair<const char*, bool> cases[] = {
      {R"({"alg":"HS256"})", true},
      {R"({"alg":"HS256","typ":"jwt"})", true},
      {R"({"alg":"HS256","typ":"at+JWT"})", true},
      {R"({"alg":"HS256","typ":"application/at+jwt"})", true},
      {R"({"alg":"HS256","typ":"logout+jwt"})", false},
      {R"({"alg":"HS256","typ":"secevent+jwt"})", false},
      {R"({"alg":"HS256","typ":"dpop+jwt"})", false},
      {R"({"alg":"HS256","typ":"gibsey-session"})", false},
      {R"({"alg":"HS256","typ":null})", false},
      {R"({"alg":"HS256","typ":["JWT"]})", false},
  };
  for (const auto& [header, taken] : cases)
    EXPECT_EQ(verifier().verify(hs256(header, payload, kSecret), kNow).has_value(), taken) << header;
}

TEST(Jwt, ExpiryIsNeededAndHasNoLeeway) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"sub":"a"})", "no time of expiry"},
      {R"({"sub":"a","exp":1800000000})", "expired"},
      {R"({"sub":"a","exp":1799999999})", "expired"},
      {R"({"sub":"a","exp":0})", "expired"},
      {R"({"sub":"a","exp":1800000001})", "taken"},
      {R"({"sub":"a","exp":1800000000.5})", "taken"},
      {R"({"sub":"a","exp":1799999999.5})", "expired"},
      {R"({"sub":"a","exp":1.800000001e9})", "taken"},
      {R"({"sub":"a","exp":253402300799})", "taken"},
      {R"({"sub":"a","exp":253402300800})", "a time is no date"},
      {R"({"sub":"a","exp":-1})", "a time is no date"},
      {R"({"sub":"a","exp":1e300})", "a time is no date"},
      {R"({"sub":"a","exp":18446744073709551615})", "a time is no date"},
      {R"({"sub":"a","exp":9223372036854775808})", "a time is no date"},
      {R"({"sub":"a","exp":99999999999999999999999999})", "a time is no date"},
      {R"({"sub":"a","exp":1e400})", "payload is no object"},
      {R"({"sub":"a","exp":NaN})", "payload is no object"},
      {R"({"sub":"a","exp":"1800000001"})", "a time is no date"},
      {R"({"sub":"a","exp":true})", "a time is no date"},
      {R"({"sub":"a","exp":null})", "a time is no date"},
      {R"({"sub":"a","exp":[1800000001]})", "a time is no date"},
      {R"({"sub":"a","exp":{}})", "a time is no date"},
      {R"({"sub":"a","Exp":1800000001})", "no time of expiry"},
  };
  for (const auto& [payload, expected] : cases) {
    EXPECT_EQ(reason(payload), expected) << payload;
    const auto refused = refusal(payload);
    EXPECT_EQ(refused && refused->expired, std::string(expected) == "expired") << payload;
  }
}

TEST(Jwt, TheIssuersClockMayBeAMinuteAhead) {
  for (const char* name : {"nbf", "iat"}) {
    const auto with = [&](const std::string& value) {
      return fmt::format(R"({{"sub":"a","exp":1800009999,"{}":{}}})", name, value);
    };
    EXPECT_EQ(reason(with("1800000060")), "taken") << name;
    EXPECT_EQ(reason(with("1800000060.5")), "not valid yet") << name;
    EXPECT_EQ(reason(with("1800000061")), "not valid yet") << name;
    EXPECT_EQ(reason(with("0")), "taken") << name;
    for (const char* value : {"1e300", "\"1700000000\"", "null", "-1", "[]"})
      EXPECT_EQ(reason(with(value)), "a time is no date") << name << value;
  }
}

TEST(Jwt, TheSubjectIsAUserId) {
  const auto with = [](const std::string& subject) { return R"({"exp":1800000001,"sub":)" + subject + "}"; };
  const std::string longest(128, 'x');
  EXPECT_EQ(reason(with("\"" + longest + "\"")), "taken");
  EXPECT_EQ(reason(with("\"Ärzte 作家\"")), "taken");
  for (const auto& subject : {std::string("\"\""), std::string("\"  \""), "\"" + longest + "x\"", std::string(R"("a\u0000b")"),
                              std::string(R"("a\nb")"), std::string(R"("a\u007f")"), std::string(R"("a\u0085")")}) {
    EXPECT_EQ(reason(with(subject)), "subject is no user id") << subject;
  }
  for (const char* subject : {"null", "1", "true", "[\"a\"]", "{}"}) EXPECT_EQ(reason(with(subject)), "no subject") << subject;
  EXPECT_EQ(reason(R"({"exp":1800000001})"), "no subject");
  EXPECT_EQ(reason(R"({"exp":1800000001,"user_id":"a"})"), "no subject");
  EXPECT_EQ(reason(with("\"a\xFF\"")), "payload is no object");
  EXPECT_EQ(reason(with(R"("a\ud800")")), "payload is no object");
}

TEST(Jwt, AudienceAndIssuerAreCheckedWhereConfigured) {
  const auto by = verifier("gibsey", "https://issuer.example");
  const auto with = [](const std::string& rest) { return R"({"sub":"a","exp":1800000001)" + rest + "}"; };
  const std::pair<const char*, const char*> cases[] = {
      {R"(,"iss":"https://issuer.example","aud":"gibsey")", "taken"},
      {R"(,"iss":"https://issuer.example","aud":["other","gibsey"])", "taken"},
      {R"(,"iss":"https://issuer.example")", "audience is another"},
      {R"(,"iss":"https://issuer.example","aud":"other")", "audience is another"},
      {R"(,"iss":"https://issuer.example","aud":"gibsey2")", "audience is another"},
      {R"(,"iss":"https://issuer.example","aud":"Gibsey")", "audience is another"},
      {R"(,"iss":"https://issuer.example","aud":["other"])", "audience is another"},
      {R"(,"iss":"https://issuer.example","aud":[])", "audience is another"},
      {R"(,"iss":"https://issuer.example","aud":[["gibsey"]])", "audience is another"},
      {R"(,"iss":"https://issuer.example","aud":{"gibsey":1})", "audience is another"},
      {R"(,"iss":"https://issuer.example","aud":null)", "audience is another"},
      {R"(,"iss":"https://issuer.example","aud":1)", "audience is another"},
      {R"(,"aud":"gibsey")", "issuer is another"},
      {R"(,"iss":"https://issuer.example/","aud":"gibsey")", "issuer is another"},
      {R"(,"iss":"https://issuer.example\u0000","aud":"gibsey")", "issuer is another"},
      {R"(,"iss":["https://issuer.example"],"aud":"gibsey")", "issuer is another"},
      {R"(,"iss":"","aud":"gibsey")", "issuer is another"},
  };
  for (const auto& [rest, expected] : cases) EXPECT_EQ(reason(with(rest), by), expected) << rest;
  EXPECT_EQ(reason(with(R"(,"iss":"anyone","aud":"anything")")), "taken");
}

TEST(Jwt, ScopesComeAsTextOrList) {
  const auto scopes = [](const std::string& rest) {
    return verifier().verify(hs256(kHeader, R"({"sub":"a","exp":1800000001)" + rest + "}", kSecret), kNow);
  };
  const std::pair<const char*, std::set<std::string>> cases[] = {
      {"", {}},
      {R"(,"scope":"")", {}},
      {R"(,"scope":"  read   admin ")", {"read", "admin"}},
      {R"(,"scopes":["read","admin"])", {"read", "admin"}},
      {R"(,"scp":["admin"])", {"admin"}},
      {R"(,"scp":"read write")", {"read", "write"}},
      {R"(,"scope":"a","scp":["b"])", {"a", "b"}},
      {R"(,"scopes":["not admin"])", {"not admin"}},
      {R"(,"scope":"administrator Admin")", {"administrator", "Admin"}},
  };
  for (const auto& [rest, expected] : cases) EXPECT_EQ(scopes(rest).value().scopes, expected) << rest;
  for (const char* rest :
       {R"(,"scope":1)", R"(,"scope":null)", R"(,"scp":{"admin":true})", R"(,"scopes":["a",1])", R"(,"scopes":[["admin"]])"}) {
    EXPECT_FALSE(scopes(rest)) << rest;
  }
}

TEST(Jwt, WhatIsSignedHereIsOpenedHere) {
  const auto key = JwsKey::make("HS256", kSecret).value();
  const auto token = sign_jws({{"sub", "Ärzte"}, {"n", 1}}, "gibsey-session", kSecret);
  const auto payload = open_jws(token, key, {"gibsey-session"});
  ASSERT_TRUE(payload);
  EXPECT_EQ(payload->at("sub"), "Ärzte");
  EXPECT_FALSE(open_jws(token, key, {"gibsey-link"}));
  EXPECT_FALSE(open_jws(token, key, {"", "JWT"}));
}

}  // namespace
}  // namespace gibsey::server
