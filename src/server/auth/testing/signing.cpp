#include "server/auth/testing/signing.hpp"

#include "server/auth/base64url.hpp"
#include "server/auth/digest.hpp"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <functional>
#include <stdexcept>

namespace gibsey::server::testing {
namespace {

const unsigned char* unsigned_bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

void require(bool done) {
  if (!done) throw std::runtime_error("OpenSSL failed in the test's own part");
}

std::string written(const std::function<int(BIO*)>& write) {
  const std::unique_ptr<BIO, int (*)(BIO*)> bio(BIO_new(BIO_s_mem()), BIO_free);
  require(write(bio.get()) == 1);
  char* text = nullptr;
  const auto size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

}  // namespace

KeyPair::KeyPair(EVP_PKEY* key) : key_(key, EVP_PKEY_free) {
  require(key != nullptr);
}

KeyPair KeyPair::rsa(unsigned int bits) {
  return KeyPair(EVP_RSA_gen(bits));
}
KeyPair KeyPair::ec(const char* curve) {
  return KeyPair(EVP_EC_gen(curve));
}
KeyPair KeyPair::ed25519() {
  return KeyPair(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
}

KeyPair KeyPair::rsa_pss() {
  const std::unique_ptr<EVP_PKEY_CTX, void (*)(EVP_PKEY_CTX*)> maker(EVP_PKEY_CTX_new_from_name(nullptr, "RSA-PSS", nullptr),
                                                                     EVP_PKEY_CTX_free);
  EVP_PKEY* key = nullptr;
  require(EVP_PKEY_keygen_init(maker.get()) == 1 && EVP_PKEY_CTX_set_rsa_keygen_bits(maker.get(), 2048) == 1);
  require(EVP_PKEY_generate(maker.get(), &key) == 1);
  return KeyPair(key);
}

std::string KeyPair::public_pem() const {
  return written([this](BIO* bio) { return PEM_write_bio_PUBKEY(bio, key_.get()); });
}

std::string KeyPair::private_pem() const {
  return written([this](BIO* bio) { return PEM_write_bio_PrivateKey(bio, key_.get(), nullptr, nullptr, 0, nullptr, nullptr); });
}

std::string KeyPair::certificate_pem() const {
  const std::unique_ptr<X509, void (*)(X509*)> certificate(X509_new(), X509_free);
  require(X509_set_version(certificate.get(), 2) == 1 && ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1) == 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  require(X509_set_pubkey(certificate.get(), key_.get()) == 1 && X509_sign(certificate.get(), key_.get(), EVP_sha256()) > 0);
  return written([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate.get()); });
}

std::string KeyPair::sign(std::string_view text) const {
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> signing(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  require(EVP_DigestSignInit(signing.get(), nullptr, EVP_sha256(), nullptr, key_.get()) == 1);
  std::size_t size = 0;
  require(EVP_DigestSign(signing.get(), nullptr, &size, unsigned_bytes(text), text.size()) == 1);
  std::string signature(size, '\0');
  require(EVP_DigestSign(signing.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, unsigned_bytes(text),
                         text.size()) == 1);
  signature.resize(size);
  return signature;
}

std::string KeyPair::sign_raw(std::string_view text) const {
  const auto der = sign(text);
  const auto* at = unsigned_bytes(der);
  const std::unique_ptr<ECDSA_SIG, void (*)(ECDSA_SIG*)> signature(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())),
                                                                   ECDSA_SIG_free);
  require(signature != nullptr);
  std::string raw(64, '\0');
  auto* const out = reinterpret_cast<unsigned char*>(raw.data());
  require(BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), out, 32) == 32 &&
          BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), out + 32, 32) == 32);
  return raw;
}

std::string signed_text(std::string_view header, std::string_view payload) {
  return base64url(header) + "." + base64url(payload);
}

std::string compact(std::string_view header, std::string_view payload, std::string_view signature) {
  return signed_text(header, payload) + "." + base64url(signature);
}

std::string hs256(std::string_view header, std::string_view payload, std::string_view secret) {
  return compact(header, payload, bytes_of(hmac_sha256(secret, signed_text(header, payload))));
}

std::string rs256(std::string_view header, std::string_view payload, const KeyPair& key) {
  return compact(header, payload, key.sign(signed_text(header, payload)));
}

std::string es256(std::string_view header, std::string_view payload, const KeyPair& key) {
  return compact(header, payload, key.sign_raw(signed_text(header, payload)));
}

}  // namespace gibsey::server::testing
