#include "server/auth/jws_key.hpp"

#include "server/auth/digest.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <optional>

namespace gibsey::server {
namespace {

constexpr std::size_t kShortestSecret = 32;  // RFC 7518 section 3.2: as long as the hash
constexpr int kShortestRsaKey = 2048;        // bits; RFC 7518 section 3.3
constexpr std::size_t kCoordinate = 32;      // bytes of r and of s on P-256

template <auto release>
struct Free {
  template <typename T>
  void operator()(T* pointer) const {
    release(pointer);
  }
};
using Bio = std::unique_ptr<BIO, Free<BIO_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using Verification = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>>;

/// What a failed call leaves in the thread's queue would be taken for a fault of the next TLS connection.
struct ForgetErrors {
  ForgetErrors() = default;
  ~ForgetErrors() { ERR_clear_error(); }
  ForgetErrors(const ForgetErrors&) = delete;
  ForgetErrors& operator=(const ForgetErrors&) = delete;
};

const unsigned char* unsigned_bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

/// Without it OpenSSL asks for an encrypted file's password on the terminal.
int no_password(char*, int, int, void*) {
  return -1;
}

std::shared_ptr<EVP_PKEY> read_public_key(const std::string& pem) {
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (!bio) return nullptr;
  if (pem.find("-----BEGIN CERTIFICATE-----") == std::string::npos) {
    return {PEM_read_bio_PUBKEY(bio.get(), nullptr, no_password, nullptr), EVP_PKEY_free};
  }
  const Certificate certificate(PEM_read_bio_X509(bio.get(), nullptr, no_password, nullptr));
  return {certificate ? X509_get_pubkey(certificate.get()) : nullptr, EVP_PKEY_free};
}

bool is_on_p256(const EVP_PKEY* key) {
  std::array<char, 64> name{};
  std::size_t length = 0;
  return EVP_PKEY_get_group_name(key, name.data(), name.size(), &length) == 1 &&
         std::string_view(name.data(), length) == SN_X9_62_prime256v1;
}

/// A number of at most 32 bytes as DER has it: no needless zeros in front, and one where it would look negative.
std::string der_integer(std::string_view big_endian) {
  while (big_endian.size() > 1 && big_endian.front() == '\0') big_endian.remove_prefix(1);
  const bool looks_negative = (static_cast<unsigned char>(big_endian.front()) & 0x80U) != 0;
  std::string der = "\x02";
  der.push_back(static_cast<char>(big_endian.size() + (looks_negative ? 1 : 0)));
  if (looks_negative) der.push_back('\0');
  return der.append(big_endian);
}

/// ECDSA-Sig-Value (RFC 3279 section 2.2.3), which OpenSSL takes, out of r and s.
std::optional<std::string> der_signature(std::string_view raw) {
  if (raw.size() != 2 * kCoordinate) return std::nullopt;
  const auto numbers = der_integer(raw.substr(0, kCoordinate)) + der_integer(raw.substr(kCoordinate));
  std::string der = "\x30";
  der.push_back(static_cast<char>(numbers.size()));  // at most 70: one byte of length
  return der + numbers;
}

Result<void> check_secret(const std::string& secret) {
  if (secret.size() < kShortestSecret)
    return fail(ErrorCode::invalid_argument, "The secret for HS256 must have at least 32 bytes.");
  // Everybody may have a public key: as a secret it would let everybody sign.
  if (secret.find("-----BEGIN ") != std::string::npos) {
    return fail(ErrorCode::invalid_argument, "HS256 takes a secret, but a PEM key was given; set RS256 or ES256 for it.");
  }
  return {};
}

Result<void> check_public_key(std::string_view algorithm, const EVP_PKEY* key) {
  if (algorithm == "RS256") {
    if (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA)
      return fail(ErrorCode::invalid_argument, "RS256 takes an RSA key; the one given is none.");
    if (EVP_PKEY_get_bits(key) < kShortestRsaKey) {
      return fail(ErrorCode::invalid_argument, "The RSA key for RS256 must have at least 2048 bits.");
    }
  } else if (EVP_PKEY_get_base_id(key) != EVP_PKEY_EC || !is_on_p256(key)) {
    return fail(ErrorCode::invalid_argument, "ES256 takes a key on the curve P-256; the one given is none.");
  }
  return {};
}

}  // namespace

JwsKey::JwsKey(std::string_view algorithm, std::string secret, std::shared_ptr<EVP_PKEY> public_key)
    : algorithm_(algorithm), secret_(std::move(secret)), public_key_(std::move(public_key)) {}

Result<JwsKey> JwsKey::make(std::string_view algorithm, std::string key) {
  const ForgetErrors forget;
  if (algorithm == "HS256") {
    GIBSEY_CHECK(check_secret(key));
    return JwsKey(algorithm, std::move(key), nullptr);
  }
  if (algorithm != "RS256" && algorithm != "ES256") {
    return fail(ErrorCode::invalid_argument, "The algorithm of the tokens must be HS256, RS256 or ES256.");
  }
  if (key.find("PRIVATE KEY-----") != std::string::npos) {
    return fail(ErrorCode::invalid_argument,
                "A private key was given where only its public half belongs; keep it where tokens are signed.");
  }
  auto public_key = read_public_key(key);
  if (!public_key) {
    return fail(ErrorCode::invalid_argument,
                "The key for " + std::string(algorithm) + " must be PEM: a 'PUBLIC KEY' or a 'CERTIFICATE'.");
  }
  GIBSEY_CHECK(check_public_key(algorithm, public_key.get()));
  return JwsKey(algorithm, {}, std::move(public_key));
}

bool JwsKey::verifies(std::string_view text, std::string_view signature) const {
  if (public_key_) return public_key_verifies(text, signature);
  Digest given{};
  if (signature.size() != given.size()) return false;
  std::copy(signature.begin(), signature.end(), given.begin());
  return equal(hmac_sha256(secret_, text), given);
}

bool JwsKey::public_key_verifies(std::string_view text, std::string_view signature) const {
  const ForgetErrors forget;
  std::optional<std::string> der;
  if (algorithm_ == "ES256") {
    der = der_signature(signature);
    if (!der) return false;
    signature = *der;
  }
  const Verification verification(EVP_MD_CTX_new());
  return verification && EVP_DigestVerifyInit(verification.get(), nullptr, EVP_sha256(), nullptr, public_key_.get()) == 1 &&
         EVP_DigestVerify(verification.get(), unsigned_bytes(signature), signature.size(), unsigned_bytes(text), text.size()) ==
             1;
}

}  // namespace gibsey::server
