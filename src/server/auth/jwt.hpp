#pragma once
#include "base/result.hpp"
#include "server/auth/jws_key.hpp"
#include "server/json_response.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <initializer_list>
#include <set>
#include <string>
#include <string_view>

namespace gibsey::server {

/// Why a token was not taken. `reason` is a fixed text for the debug log and the tests, never a part of the token; whoever sent
/// the token hears no more than whether it has expired.
struct TokenRefusal {
  bool expired = false;  ///< said only of a token whose signature is good
  std::string_view reason;
};
template <typename T>
using Checked = std::expected<T, TokenRefusal>;

inline constexpr std::size_t kLongestToken = 8 * 1024;

/// The payload of a compact JWS (RFC 7515) whose signature `key` verifies. `types`: what `typ` may say, without regard to case;
/// "" lets it be absent. A `crit` header, JSON with a key twice, any second spelling of base64url and more than 8 KiB are
/// refused; `kid`, `jwk`, `jku`, `x5c` and `x5u` are not looked at.
[[nodiscard]] Checked<Json> open_jws(std::string_view token, const JwsKey& key, std::initializer_list<std::string_view> types);

/// A compact JWS by HS256. `type` becomes its `typ`.
[[nodiscard]] std::string sign_jws(const Json& payload, std::string_view type, std::string_view secret);

/// The payload's `exp` in Unix seconds. It must be there and later than `now`; `nbf` and `iat`, where they are, may lie 60 s
/// ahead. Fractions of a second are allowed (RFC 7519 section 2), values before 1970 and after 9999 are not.
[[nodiscard]] Checked<std::int64_t> check_times(const Json& payload, std::int64_t now);

struct JwtSettings {
  std::string algorithm;  ///< HS256, RS256 or ES256: the one that tokens must have
  std::string key;        ///< as JwsKey takes it
  std::string audience;   ///< when set, `aud` must be it or hold it
  std::string issuer;     ///< when set, `iss` must be it
};

struct JwtClaims {
  std::string user_id;           ///< `sub`: 1 to 128 characters, none a control character
  std::set<std::string> scopes;  ///< of `scope`, `scopes` and `scp`, each a text with spaces between or a list
  std::int64_t expires = 0;      ///< Unix seconds
};

/// Reads the tokens of one issuer. Used from any thread.
class JwtVerifier {
 public:
  /// Errors: invalid_argument.
  static Result<JwtVerifier> make(JwtSettings settings);
  /// `now` in Unix seconds.
  [[nodiscard]] Checked<JwtClaims> verify(std::string_view token, std::int64_t now) const;

 private:
  JwtVerifier(JwsKey key, std::string audience, std::string issuer);
  [[nodiscard]] Checked<void> check_addressee(const Json& payload) const;

  JwsKey key_;
  std::string audience_;
  std::string issuer_;
};

}  // namespace gibsey::server
