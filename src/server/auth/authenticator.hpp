#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include "net/http_message.hpp"
#include "server/auth/api_keys.hpp"
#include "server/auth/cassandra_tokens.hpp"
#include "server/auth/jwt.hpp"
#include "server/auth/principal.hpp"
#include "server/auth/session_cookie.hpp"
#include "server/auth/session_tokens.hpp"

#include <chrono>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gibsey::server {

enum class AuthMode { off, on };

struct AuthSettings {
  AuthMode mode = AuthMode::off;  ///< off: whoever reaches this server is believed; for loopback addresses alone
  std::optional<JwtSettings> jwt;
  std::vector<ApiKeySettings> api_keys;
  std::string service_token;    ///< by which the roles know each other; at least 24 characters, or empty for none
  std::string cassandra_token;  ///< what X-Cassandra-Token must be; empty: the service token
  CookieSettings cookie;
  std::string session_secret;  ///< at least 32 bytes; empty: a random one, and sessions end with the process
  std::chrono::seconds session_lifetime = std::chrono::hours(12);
  std::chrono::seconds link_lifetime = std::chrono::minutes(10);
};

enum class CassandraRefusal { missing, unknown };

/// Says who sends a request. Used from any thread; nothing in it waits.
class Authenticator {
 public:
  using Clock = std::function<UnixMillis()>;
  using Query = std::vector<std::pair<std::string, std::string>>;  ///< as net::parse_query gives it

  /// Errors: invalid_argument; also where auth is on and nobody could sign in. No message holds a secret.
  static Result<Authenticator> make(AuthSettings settings, Clock clock = unix_millis_now);

  [[nodiscard]] bool on() const { return mode_ == AuthMode::on; }

  /// By the first of these that is there: `Authorization: Bearer` (an API key, the service token or a JWT), `X-Api-Key`,
  /// `?token=` where the route names the `resource` that it is for, the session cookie. A cookie also stands in for a `?token=`
  /// that is not valid any more, so that EventSource can come back. Other schemes of Authorization are left to a proxy. 401 with
  /// WWW-Authenticate; 403 for a cookie that may not act (see cookie_may_act). Precondition: net::OriginCheck allowed the
  /// request.
  [[nodiscard]] Field<Principal> identify(const net::HttpRequest& request, const Query& query,
                                          std::string_view resource = {}) const;

  /// For the paths of a Cassandra gateway: by `X-Cassandra-Token`, one that issue_cassandra_token() gave or the configured one,
  /// which is a service's. Where auth is off and no token is configured, any that is not empty will do.
  [[nodiscard]] std::expected<Principal, CassandraRefusal> identify_cassandra_client(const net::HttpRequest& request) const;
  /// A token for half an hour; nullopt when the password is not the user's. It is an API key of the user, the service token or
  /// the configured token; where auth is off and no token is configured, anything.
  [[nodiscard]] std::optional<std::string> issue_cassandra_token(const std::string& username, const std::string& password) const;

  /// `url` with a `token` that lets whoever has it read `resource` as `user_id`; `url` itself where auth is off. Give the owner's
  /// id.
  [[nodiscard]] std::string signed_url(std::string url, const std::string& user_id, const std::string& resource) const;
  [[nodiscard]] std::string link_token(const std::string& user_id, const std::string& resource) const;
  [[nodiscard]] std::chrono::seconds link_lifetime() const { return link_lifetime_; }

  /// A session of `user_id`, opened by `opener`, who may act as it. It has the opener's scopes only where it is the opener's own,
  /// ends when the opener's credential does, and with the API key that opened it.
  struct OpenedSession {
    SessionClaims session;
    std::string set_cookie;  ///< the field's value
  };
  [[nodiscard]] OpenedSession open_session(const Principal& opener, const std::string& user_id) const;
  [[nodiscard]] std::string forget_session() const { return clear_cookie(cookie_); }

 private:
  explicit Authenticator(ApiKeys keys, SessionTokens tokens) : api_keys_(std::move(keys)), tokens_(std::move(tokens)) {}

  [[nodiscard]] std::int64_t now() const { return clock_() / 1000; }
  [[nodiscard]] Checked<Principal> by_bearer(std::string_view credential) const;
  [[nodiscard]] Checked<Principal> by_api_key(std::string_view key) const;
  [[nodiscard]] Checked<Principal> by_jwt(std::string_view token) const;
  [[nodiscard]] Checked<Principal> by_link(std::string_view token, std::string_view resource) const;
  [[nodiscard]] Checked<Principal> by_cookies(const std::vector<std::string_view>& cookies) const;

  AuthMode mode_ = AuthMode::off;
  Clock clock_;
  std::optional<JwtVerifier> jwt_;
  ApiKeys api_keys_;
  std::optional<Digest> service_token_;
  std::optional<Digest> cassandra_token_;
  std::shared_ptr<CassandraTokens> cassandra_tokens_ = std::make_shared<CassandraTokens>();
  CookieSettings cookie_;
  SessionTokens tokens_;
  std::chrono::seconds session_lifetime_{};
  std::chrono::seconds link_lifetime_{};
};

}  // namespace gibsey::server
