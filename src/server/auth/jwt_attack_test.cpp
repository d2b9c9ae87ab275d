#include "server/auth/base64url.hpp"
#include "server/auth/digest.hpp"
#include "server/auth/jwt.hpp"
#include "server/auth/testing/signing.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <sstream>

namespace gibsey::server {
namespace {

using testing::compact;
using testing::es256;
using testing::hs256;
using testing::KeyPair;
using testing::rs256;

constexpr std::int64_t kNow = 1'800'000'000;
const std::string kSecret = "a secret of exactly thirty-two b";
const std::string kPayload = R"({"sub":"reader","exp":1800000001})";

std::string header(const std::string& algorithm, const std::string& rest = {}) {
  return R"({"alg":")" + algorithm + "\"" + rest + "}";
}

/// One issuer for each algorithm, with a good token of each.
class JwtAttack : public ::testing::Test {
 protected:
  std::string reason(const JwtVerifier& by, const std::string& token) const {
    const auto claims = by.verify(token, kNow);
    return claims ? "taken" : std::string(claims.error().reason);
  }
  void expect_refused_by_all(const std::string& token, const std::string& expected) const {
    for (const auto* by : {&hs_, &rs_, &es_}) EXPECT_EQ(reason(*by, token), expected) << token;
  }

  KeyPair rsa_ = KeyPair::rsa(2048);
  KeyPair ec_ = KeyPair::ec("P-256");
  JwtVerifier hs_ = JwtVerifier::make({"HS256", kSecret, {}, {}}).value();
  JwtVerifier rs_ = JwtVerifier::make({"RS256", rsa_.public_pem(), {}, {}}).value();
  JwtVerifier es_ = JwtVerifier::make({"ES256", ec_.public_pem(), {}, {}}).value();
  std::string hs_token_ = hs256(header("HS256"), kPayload, kSecret);
  std::string rs_token_ = rs256(header("RS256"), kPayload, rsa_);
  std::string es_token_ = es256(header("ES256"), kPayload, ec_);
};

TEST_F(JwtAttack, TheGoodTokensAreGood) {
  EXPECT_EQ(reason(hs_, hs_token_), "taken");
  EXPECT_EQ(reason(rs_, rs_token_), "taken");
  EXPECT_EQ(reason(es_, es_token_), "taken");
}

TEST_F(JwtAttack, NoneIsNoAlgorithm) {
  for (const char* none : {"none", "None", "NONE", "nOnE", "none ", " none", "", "null"}) {
    const auto unsigned_token = base64url(header(none)) + "." + base64url(kPayload) + ".";
    expect_refused_by_all(unsigned_token, "not three parts");
    expect_refused_by_all(unsigned_token + "AA", "algorithm is not the configured one");
    expect_refused_by_all(hs256(header(none), kPayload, kSecret), "algorithm is not the configured one");
    expect_refused_by_all(hs256(header(none), kPayload, ""), "algorithm is not the configured one");
  }
  for (const char* text : {R"({})", R"({"alg":null})", R"({"alg":["HS256"]})", R"({"alg":{"HS256":1}})", R"({"alg":256})",
                           R"({"alg":"HS256 "})", R"({"alg":"hs256"})", R"({"alg":"HS256\u0000"})", R"({"Alg":"HS256"})",
                           R"({"typ":"JWT","alg":"HS384"})", R"({"alg":"HS512"})"}) {
    EXPECT_EQ(reason(hs_, hs256(text, kPayload, kSecret)), "algorithm is not the configured one") << text;
  }
}

TEST_F(JwtAttack, APublicKeyIsNoSecret) {
  for (const auto* pair : {&rsa_, &ec_}) {
    for (const auto& secret :
         {pair->public_pem(), pair->certificate_pem(), pair->public_pem().substr(0, pair->public_pem().size() - 1)}) {
      EXPECT_EQ(reason(rs_, hs256(header("HS256"), kPayload, secret)), "algorithm is not the configured one");
      EXPECT_EQ(reason(es_, hs256(header("HS256"), kPayload, secret)), "algorithm is not the configured one");
      EXPECT_EQ(reason(rs_, hs256(header("RS256"), kPayload, secret)), "signature is not the key's");
      EXPECT_EQ(reason(es_, hs256(header("ES256"), kPayload, secret)), "signature is not the key's");
    }
  }
}

TEST_F(JwtAttack, OneAlgorithmsSignatureIsNotAnothers) {
  EXPECT_EQ(reason(rs_, es_token_), "algorithm is not the configured one");
  EXPECT_EQ(reason(es_, rs_token_), "algorithm is not the configured one");
  EXPECT_EQ(reason(hs_, rs_token_), "algorithm is not the configured one");
  EXPECT_EQ(reason(rs_, es256(header("RS256"), kPayload, ec_)), "signature is not the key's");
  EXPECT_EQ(reason(es_, rs256(header("ES256"), kPayload, rsa_)), "signature is not the key's");
  EXPECT_EQ(reason(es_, compact(header("ES256"), kPayload, ec_.sign(testing::signed_text(header("ES256"), kPayload)))),
            "signature is not the key's")
      << "DER instead of r and s";
  EXPECT_EQ(reason(rs_, rs256(header("RS256"), kPayload, KeyPair::rsa(2048))), "signature is not the key's");
  EXPECT_EQ(reason(es_, es256(header("ES256"), kPayload, KeyPair::ec("P-256"))), "signature is not the key's");
}

TEST_F(JwtAttack, TheTokenDoesNotBringItsKey) {
  const auto own = KeyPair::rsa(2048);
  std::string certificate;
  std::istringstream lines(own.certificate_pem());
  for (std::string line; std::getline(lines, line);) certificate += line.starts_with('-') ? "" : line;
  const auto rest = R"(,"x5c":[")" + certificate +
                    R"("],"jwk":{"kty":"RSA","n":"AQAB","e":"AQAB"},"kid":"../../dev/null' OR 1=1")" +
                    R"(,"jku":"https://evil.example/keys","x5u":"https://evil.example/certificate")";
  EXPECT_EQ(reason(rs_, rs256(header("RS256", rest), kPayload, own)), "signature is not the key's");
  EXPECT_EQ(reason(rs_, rs256(header("RS256", rest), kPayload, rsa_)), "taken") << "they are not looked at";
}

TEST_F(JwtAttack, CriticalExtensionsAreRefused) {
  for (const char* rest : {R"(,"crit":["b64"],"b64":false)", R"(,"crit":["exp"])", R"(,"crit":[])", R"(,"crit":null)"}) {
    EXPECT_EQ(reason(hs_, hs256(header("HS256", rest), kPayload, kSecret)), "critical extensions are not known here") << rest;
  }
}

TEST_F(JwtAttack, AKeyTwiceIsNoJson) {
  for (const char* text :
       {R"({"alg":"HS256","alg":"HS256"})", R"({"alg":"none","alg":"HS256"})", R"({"alg":"HS256","\u0061lg":"none"})"}) {
    EXPECT_EQ(reason(hs_, hs256(text, kPayload, kSecret)), "header is no object") << text;
  }
  for (const char* text :
       {R"({"sub":"reader","sub":"admin","exp":1800000001})", R"({"sub":"reader","exp":1,"exp":1800000001})",
        R"({"sub":"a","s\u0075b":"b","exp":1800000001})", R"({"sub":"a","exp":1800000001,"x":{"y":[{"z":1,"z":2}]}})"}) {
    EXPECT_EQ(reason(hs_, hs256(header("HS256"), text, kSecret)), "payload is no object") << text;
  }
  EXPECT_EQ(
      reason(hs_, hs256(header("HS256"), R"({"sub":"a","exp":1800000001,"x":{"sub":1},"y":[{"sub":1},{"sub":2}]})", kSecret)),
      "taken");
}

TEST_F(JwtAttack, WhatIsNotOneJsonObjectIsRefused) {
  const std::string deep = R"({"sub":"a","exp":1800000001,"x":)" + std::string(2500, '[') + std::string(2500, ']') + "}";
  const std::string text[] = {"",
                              "[]",
                              "null",
                              "\"{}\"",
                              "{",
                              kPayload + "x",
                              kPayload + kPayload,
                              "\xEF\xBB\xBF" + kPayload,
                              " " + kPayload,
                              "/**/" + kPayload,
                              R"({"sub":"a","exp":1800000001,})",
                              R"({'sub':'a','exp':1800000001})",
                              deep,
                              kPayload + std::string(1, '\0'),
                              kPayload + std::string(1, '\0') + "x"};
  for (const auto& one : text) {
    EXPECT_EQ(reason(hs_, hs256(header("HS256"), one, kSecret)), one.empty() ? "not three parts" : "payload is no object")
        << one.substr(0, 60);
    EXPECT_EQ(reason(hs_, hs256(one, kPayload, kSecret)), one.empty() ? "not three parts" : "header is no object")
        << one.substr(0, 60);
  }
}

TEST_F(JwtAttack, ThreePartsAndNothingElse) {
  for (const auto& token :
       {std::string(), std::string("."), std::string(".."), std::string("..."), std::string("a.b"), hs_token_ + ".",
        "." + hs_token_, hs_token_ + ".x", hs_token_ + "..", hs_token_.substr(0, hs_token_.rfind('.')),
        hs_token_.substr(0, hs_token_.rfind('.') + 1), std::string("a.b.c.d.e")}) {
    expect_refused_by_all(token, "not three parts");
  }
}

TEST_F(JwtAttack, OneSpellingOfEachPart) {
  const auto first = hs_token_.find('.');
  const auto last = hs_token_.rfind('.');
  for (const auto* tail : {"=", "==", "\n", " ", "!", "+", "/", "%3D", "\x80"}) {
    EXPECT_EQ(reason(hs_, hs_token_ + tail), "signature is not base64url") << tail;
    EXPECT_EQ(reason(hs_, hs_token_.substr(0, first) + tail + hs_token_.substr(first)), "header is no object") << tail;
    // Signed as it stands, so that nothing but the spelling is wrong.
    const auto text = hs_token_.substr(0, last) + tail;
    EXPECT_EQ(reason(hs_, text + "." + base64url(bytes_of(hmac_sha256(kSecret, text)))), "payload is no object") << tail;
  }
  EXPECT_EQ(reason(hs_, " " + hs_token_), "header is no object");
  EXPECT_EQ(reason(hs_, "Bearer " + hs_token_), "header is no object");
}

TEST_F(JwtAttack, EveryByteOfTheSignatureCounts) {
  const std::pair<const JwtVerifier*, const std::string*> cases[] = {{&hs_, &hs_token_}, {&rs_, &rs_token_}, {&es_, &es_token_}};
  for (const auto& [by, token] : cases) {
    const auto last = token->rfind('.') + 1;
    const auto good = *base64url_decoded(token->substr(last));
    for (std::size_t i = 0; i < good.size(); ++i) {
      auto bad = good;
      bad[i] = static_cast<char>(bad[i] ^ 1);
      EXPECT_EQ(reason(*by, token->substr(0, last) + base64url(bad)), "signature is not the key's") << i;
    }
    for (auto i = last; i < token->size(); ++i) {
      auto bad = *token;
      bad[i] = bad[i] == 'A' ? 'Q' : 'A';
      EXPECT_NE(reason(*by, bad), "taken") << i;
    }
  }
}

TEST_F(JwtAttack, OversizedTokensAreNotRead) {
  const auto with = [](std::size_t filler) {
    return hs256(header("HS256"), R"({"sub":"a","exp":1800000001,"x":")" + std::string(filler, 'x') + "\"}", kSecret);
  };
  std::size_t filler = 5900;
  while (with(filler + 3).size() <= kLongestToken) filler += 3;
  EXPECT_LE(with(filler).size(), kLongestToken);
  EXPECT_EQ(reason(hs_, with(filler)), "taken");
  EXPECT_EQ(reason(hs_, with(filler + 3)), "longer than 8 KiB");
  expect_refused_by_all(std::string(5'000'000, '.'), "longer than 8 KiB");
}

/// One change out of those that have fooled parsers: bytes changed, dropped, doubled, moved, parts exchanged with another
/// token's.
std::string mutated(std::string token, const std::string& other, std::mt19937& random) {
  static constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const auto below = [&](std::size_t limit) { return static_cast<std::size_t>(random() % limit); };
  const auto changes = 1 + below(3);
  for (std::size_t i = 0; i < changes; ++i) {
    if (token.empty()) token = "A";
    const auto at = below(token.size());
    switch (below(9)) {
      case 0: token[at] = static_cast<char>(random()); break;
      case 1: token[at] = kAlphabet[below(kAlphabet.size())]; break;
      case 2: token.erase(at, 1 + below(8)); break;
      case 3: token.insert(at, 1, "=.+/ \n-_A"[below(9)]); break;
      case 4: token.insert(at, token.substr(below(token.size()), below(40))); break;
      case 5: token.resize(at); break;
      case 6: std::swap(token[at], token[below(token.size())]); break;
      case 7: token = token.substr(0, token.find('.')) + other.substr(std::min(other.find('.'), other.size())); break;
      default: token = token.substr(0, token.rfind('.') + 1) + other.substr(other.rfind('.') + 1); break;
    }
  }
  return token;
}

TEST_F(JwtAttack, OfTwentyThousandChangedTokensNoneIsTaken) {
  std::mt19937 random(20261120);
  const std::pair<const JwtVerifier*, const std::string*> cases[] = {{&hs_, &hs_token_}, {&rs_, &rs_token_}, {&es_, &es_token_}};
  std::size_t tried = 0;
  std::size_t reached_signature = 0;
  while (tried < 20'000) {
    const auto& [by, token] = cases[random() % 3];
    const auto changed = mutated(*token, *cases[random() % 3].second, random);
    if (changed == *token) continue;
    ++tried;
    const auto told = reason(*by, changed);
    EXPECT_NE(told, "taken") << changed;
    if (told == "signature is not the key's") ++reached_signature;
  }
  EXPECT_GT(reached_signature, 2'000U) << "the changes are too coarse to try the signature";
}

/// The same for payloads that the issuer has signed: whatever is taken has a user id and time left.
TEST_F(JwtAttack, OfTwentyThousandSignedPayloadsNoneIsTakenWithoutUserAndExpiry) {
  std::mt19937 random(20261121);
  const std::string payload = R"({"sub":"reader","exp":1800000900,"nbf":1799999000,"scope":"read admin","aud":["a","b"]})";
  const std::string other = R"({"exp":1e9,"sub":["x"],"scp":{"a":null}})";
  std::size_t taken = 0;
  for (int i = 0; i < 20'000; ++i) {
    const auto claims = hs_.verify(hs256(header("HS256"), mutated(payload, other, random), kSecret), kNow);
    if (!claims) continue;
    ++taken;
    EXPECT_FALSE(claims->user_id.empty());
    EXPECT_LE(claims->user_id.size(), 4U * 128);
    EXPECT_GE(claims->expires, kNow);
  }
  EXPECT_GT(taken, 100U);
  EXPECT_LT(taken, 15'000U);
}

}  // namespace
}  // namespace gibsey::server
