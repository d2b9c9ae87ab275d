#pragma once
#include "base/result.hpp"

#include <openssl/types.h>

#include <memory>
#include <string>
#include <string_view>

namespace gibsey::server {

/// A key together with the one algorithm that it may be used with (RFC 7518): what a token says about either is never a choice.
/// Copies share the key; used from any thread.
class JwsKey {
 public:
  /// `algorithm`: HS256 with a secret of at least 32 bytes, RS256 with an RSA public key of at least 2048 bits, ES256 with a
  /// public key on P-256; a public key comes as PEM, alone ("PUBLIC KEY") or in a certificate, of which only the key is looked
  /// at. Errors: invalid_argument, which never quotes the key.
  static Result<JwsKey> make(std::string_view algorithm, std::string key);

  [[nodiscard]] const std::string& algorithm() const { return algorithm_; }

  /// Whether `signature`, as bytes in the form of RFC 7518 (ES256: r and s, 64 bytes), is this key's over `text`. In constant
  /// time for HS256.
  [[nodiscard]] bool verifies(std::string_view text, std::string_view signature) const;

 private:
  JwsKey(std::string_view algorithm, std::string secret, std::shared_ptr<EVP_PKEY> public_key);
  [[nodiscard]] bool public_key_verifies(std::string_view text, std::string_view signature) const;

  std::string algorithm_;
  std::string secret_;                    ///< of HS256
  std::shared_ptr<EVP_PKEY> public_key_;  ///< of the others
};

}  // namespace gibsey::server
