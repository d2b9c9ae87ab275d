#include "server/auth/jws_key.hpp"

#include "server/auth/base64url.hpp"
#include "server/auth/digest.hpp"
#include "server/auth/jwt.hpp"
#include "server/auth/testing/signing.hpp"

#include <gtest/gtest.h>
#include <openssl/err.h>

namespace gibsey::server {
namespace {

using testing::KeyPair;

/// The examples of RFC 7515, appendices A.1 to A.3: signed by others.
constexpr const char* kPayload = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
constexpr const char* kRfcSecret = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
constexpr const char* kRfcRsaKey = R"(-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAofgWCuLjybRlzo0tZWJj
NiuSfb4p4fAkd/wWJcyQoTbji9k0l8W26mPddxHmfHQp+Vaw+4qPCJrcS2mJPMEz
P1Pt0Bm4d4QlL+yRT+SFd2lZS+pCgNMsD1W/YpRPEwOWvG6b32690r2jZ47soMZo
9wGzjb/7OMg0LOL+bSf63kpaSHSXndS5z5rexMdbBYUsLA9e+KXBdQOS+UTo7WTB
EMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6/I5IhlJH7aGhyxX
FvUK+DWNmoudF8NAco9/h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXp
oQIDAQAB
-----END PUBLIC KEY-----
)";
constexpr const char* kRfcEcKey = R"(-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV7
6e8Tus9uPHvRVEXH8UTNG72bfocs3+257rn0s2ldbqkLJK2KRiMohYjlrQ==
-----END PUBLIC KEY-----
)";
constexpr const char* kRfcRsaSignature =
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_"
    "O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4"
    "BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-"
    "eOkHWEsqtFZESc6BfI7noOPqv"
    "hJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

struct Example {
  const char* algorithm;
  std::string key;
  std::string header;
  std::string signature;
};

std::vector<Example> rfc_examples() {
  return {{"HS256", *base64url_decoded(kRfcSecret), "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9",
           "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"},
          {"RS256", kRfcRsaKey, "eyJhbGciOiJSUzI1NiJ9", kRfcRsaSignature},
          {"ES256", kRfcEcKey, "eyJhbGciOiJFUzI1NiJ9",
           "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"}};
}

TEST(JwsKey, OpensTheExamplesOfRfc7515) {
  for (const auto& [algorithm, key_text, header, signature] : rfc_examples()) {
    const auto key = JwsKey::make(algorithm, key_text);
    ASSERT_TRUE(key) << algorithm << key.error().message;
    const auto payload = open_jws(header + "." + kPayload + "." + signature, *key, {"", "JWT"});
    ASSERT_TRUE(payload) << algorithm << payload.error().reason;
    EXPECT_EQ(payload->at("iss"), "joe");
    EXPECT_EQ(payload->at("exp"), 1300819380);
  }
}

TEST(JwsKey, EveryFlippedBitOfASignatureIsNoticed) {
  for (const auto& [algorithm, key_text, header, signature] : rfc_examples()) {
    const auto key = JwsKey::make(algorithm, key_text).value();
    const auto text = header + "." + kPayload;
    const auto good = *base64url_decoded(signature);
    ASSERT_TRUE(key.verifies(text, good)) << algorithm;
    for (std::size_t i = 0; i < good.size() * 8; ++i) {
      auto bad = good;
      bad[i / 8] = static_cast<char>(bad[i / 8] ^ (1 << (i % 8)));
      EXPECT_FALSE(key.verifies(text, bad)) << algorithm << " bit " << i;
    }
  }
}

TEST(JwsKey, ASignatureOfAnotherLengthIsNone) {
  for (const auto& [algorithm, key_text, header, signature] : rfc_examples()) {
    const auto key = JwsKey::make(algorithm, key_text).value();
    const auto text = header + "." + kPayload;
    const auto good = *base64url_decoded(signature);
    for (std::size_t length = 0; length < good.size(); ++length)
      EXPECT_FALSE(key.verifies(text, good.substr(0, length))) << algorithm << length;
    EXPECT_FALSE(key.verifies(text, good + '\0')) << algorithm;
    EXPECT_FALSE(key.verifies(text, '\0' + good)) << algorithm;
    EXPECT_FALSE(key.verifies(text, good + good)) << algorithm;
    EXPECT_FALSE(key.verifies(text, std::string(good.size(), '\0'))) << algorithm;
    EXPECT_FALSE(key.verifies(text, std::string(good.size(), '\xFF'))) << algorithm;
  }
}

/// A shorter or longer text of the same numbers would be a second signature.
TEST(JwsKey, ASignatureHasOneSpelling) {
  const auto pair = KeyPair::ec("P-256");
  const auto es = JwsKey::make("ES256", pair.public_pem()).value();
  const auto signature = pair.sign_raw("text");
  EXPECT_TRUE(es.verifies("text", signature));
  EXPECT_FALSE(es.verifies("text", signature.substr(0, 32) + '\0' + signature.substr(32)));

  const std::string secret(32, 's');
  const auto hs = JwsKey::make("HS256", secret).value();
  int number = 0;
  while (hmac_sha256(secret, std::to_string(number)).back() != 0) ++number;
  const auto mac = hmac_sha256(secret, std::to_string(number));
  EXPECT_TRUE(hs.verifies(std::to_string(number), bytes_of(mac)));
  EXPECT_FALSE(hs.verifies(std::to_string(number), bytes_of(mac).substr(0, 31)));
}

/// r or s of nothing or of the curve's order made other verifiers say yes to everything (CVE-2022-21449).
TEST(JwsKey, EcSignaturesOfZeroAndOfTheOrderAreNone) {
  const auto pair = KeyPair::ec("P-256");
  const auto key = JwsKey::make("ES256", pair.public_pem()).value();
  const std::string zero(32, '\0');
  const std::string one = std::string(31, '\0') + '\1';
  const auto order = *base64url_decoded("_____wAAAAD__________7zm-q2nF56E87nKwvxjJVE");
  ASSERT_EQ(order.size(), 32U);
  for (const auto& r : {zero, one, order}) {
    for (const auto& s : {zero, one, order}) EXPECT_FALSE(key.verifies("text", r + s));
  }
  EXPECT_TRUE(key.verifies("text", pair.sign_raw("text")));
  EXPECT_FALSE(key.verifies("text", pair.sign("text"))) << "DER is not the form of RFC 7518";
}

/// One number in 256 has a byte of zeros in front, and one in two a first bit that DER would take for a sign.
TEST(JwsKey, EcSignaturesOfShortNumbersAreTaken) {
  const auto pair = KeyPair::ec("P-256");
  const auto key = JwsKey::make("ES256", pair.public_pem()).value();
  int short_r = 0;
  int short_s = 0;
  for (int i = 0; i < 20'000 && (short_r == 0 || short_s == 0); ++i) {
    const auto text = std::to_string(i);
    const auto signature = pair.sign_raw(text);
    ASSERT_TRUE(key.verifies(text, signature)) << i;
    short_r += signature[0] == '\0' ? 1 : 0;
    short_s += signature[32] == '\0' ? 1 : 0;
  }
  EXPECT_GT(short_r, 0);
  EXPECT_GT(short_s, 0);
}

TEST(JwsKey, PublicKeysComeAloneOrInACertificate) {
  const auto rsa = KeyPair::rsa(2048);
  const auto ec = KeyPair::ec("P-256");
  EXPECT_TRUE(JwsKey::make("RS256", rsa.public_pem()).value().verifies("text", rsa.sign("text")));
  EXPECT_TRUE(JwsKey::make("RS256", rsa.certificate_pem()).value().verifies("text", rsa.sign("text")));
  EXPECT_TRUE(JwsKey::make("ES256", ec.public_pem()).value().verifies("text", ec.sign_raw("text")));
  EXPECT_TRUE(JwsKey::make("ES256", ec.certificate_pem()).value().verifies("text", ec.sign_raw("text")));
  EXPECT_FALSE(JwsKey::make("RS256", rsa.public_pem()).value().verifies("text", KeyPair::rsa(2048).sign("text")));
}

TEST(JwsKey, KeysThatDoNotFitAreErrorsOfTheConfiguration) {
  const auto rsa = KeyPair::rsa(2048);
  const auto ec = KeyPair::ec("P-256");
  struct Case {
    std::string algorithm;
    std::string key;
    std::string part;
  };
  const Case cases[] = {
      {"HS256", std::string(31, 'x'), "32 bytes"},
      {"HS256", "", "32 bytes"},
      {"HS256", rsa.public_pem(), "PEM"},
      {"HS256", "\n" + ec.certificate_pem(), "PEM"},
      {"RS256", KeyPair::rsa(1024).public_pem(), "2048 bits"},
      {"RS256", ec.public_pem(), "RSA"},
      {"RS256", KeyPair::rsa_pss().public_pem(), "RSA"},
      {"RS256", rsa.private_pem(), "private"},
      {"RS256", std::string(64, 'x'), "PEM"},
      {"RS256", "", "PEM"},
      {"RS256", rsa.public_pem().substr(0, 200), "PEM"},
      {"ES256", rsa.public_pem(), "P-256"},
      {"ES256", KeyPair::ec("P-384").public_pem(), "P-256"},
      {"ES256", KeyPair::ec("secp256k1").public_pem(), "P-256"},
      {"ES256", KeyPair::ed25519().public_pem(), "P-256"},
      {"ES256", ec.private_pem(), "private"},
      {"none", std::string(64, 'x'), "HS256, RS256 or ES256"},
      {"hs256", std::string(64, 'x'), "HS256, RS256 or ES256"},
      {"HS512", std::string(64, 'x'), "HS256, RS256 or ES256"},
      {"", std::string(64, 'x'), "HS256, RS256 or ES256"},
  };
  for (const auto& [algorithm, key, part] : cases) {
    const auto made = JwsKey::make(algorithm, key);
    ASSERT_FALSE(made) << algorithm << " " << key;
    EXPECT_EQ(made.error().code, ErrorCode::invalid_argument);
    EXPECT_NE(made.error().message.find(part), std::string::npos) << made.error().message;
    if (!key.empty()) {
      EXPECT_EQ(made.error().message.find(key.substr(0, 40)), std::string::npos) << "the key is in the message";
    }
  }
}

TEST(JwsKey, LeavesNothingInTheThreadsQueueOfOpenSsl) {
  const auto pair = KeyPair::rsa(2048);
  const auto key = JwsKey::make("RS256", pair.public_pem()).value();
  ERR_clear_error();
  EXPECT_FALSE(key.verifies("text", std::string(256, 'x')));
  EXPECT_EQ(ERR_peek_error(), 0UL);
  EXPECT_FALSE(JwsKey::make("RS256", "-----BEGIN PUBLIC KEY-----\nxxxx\n-----END PUBLIC KEY-----\n"));
  EXPECT_EQ(ERR_peek_error(), 0UL);
}

}  // namespace
}  // namespace gibsey::server
