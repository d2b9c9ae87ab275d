#pragma once
#include <openssl/types.h>

#include <memory>
#include <string>
#include <string_view>

namespace gibsey::server::testing {

/// A key pair, made anew for the test.
class KeyPair {
 public:
  static KeyPair rsa(unsigned int bits);
  static KeyPair rsa_pss();
  static KeyPair ec(const char* curve);  ///< "P-256", "P-384", "secp256k1"
  static KeyPair ed25519();

  [[nodiscard]] std::string public_pem() const;
  [[nodiscard]] std::string private_pem() const;
  /// A certificate of the key, signed by itself.
  [[nodiscard]] std::string certificate_pem() const;

  /// By SHA-256; DER for EC keys.
  [[nodiscard]] std::string sign(std::string_view text) const;
  /// The same as RFC 7518 has it for ES256: r and s, 32 bytes each.
  [[nodiscard]] std::string sign_raw(std::string_view text) const;

 private:
  explicit KeyPair(EVP_PKEY* key);
  std::shared_ptr<EVP_PKEY> key_;
};

/// The signature part is of whatever the header claims; nothing is checked.
[[nodiscard]] std::string compact(std::string_view header, std::string_view payload, std::string_view signature);
[[nodiscard]] std::string signed_text(std::string_view header, std::string_view payload);

[[nodiscard]] std::string hs256(std::string_view header, std::string_view payload, std::string_view secret);
[[nodiscard]] std::string rs256(std::string_view header, std::string_view payload, const KeyPair& key);
[[nodiscard]] std::string es256(std::string_view header, std::string_view payload, const KeyPair& key);

}  // namespace gibsey::server::testing
