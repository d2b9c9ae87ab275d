#include "server/auth/session_tokens.hpp"

#include "server/auth/digest.hpp"

namespace gibsey::server {
namespace {

constexpr std::string_view kSessionType = "gibsey-session";
constexpr std::string_view kLinkType = "gibsey-link";

std::string key_for(std::string_view purpose, std::string_view secret) {
  return std::string(bytes_of(hmac_sha256(secret, std::string("gibsey ") + std::string(purpose))));
}

}  // namespace

std::string turn_resource(std::string_view turn_id) {
  return "turn:" + std::string(turn_id);
}
std::string session_resource(std::string_view session_id) {
  return "session:" + std::string(session_id);
}

SessionTokens::SessionTokens(std::string_view secret)
    : session_secret_(key_for(kSessionType, secret)),
      link_secret_(key_for(kLinkType, secret)),
      session_key_(JwsKey::make("HS256", session_secret_).value()),
      link_key_(JwsKey::make("HS256", link_secret_).value()) {}

std::string SessionTokens::sign(const SessionClaims& session) const {
  Json payload{{"sub", session.user_id}, {"exp", session.expires}};
  if (!session.scopes.empty()) payload["scopes"] = session.scopes;
  if (!session.key_id.empty()) payload["key"] = session.key_id;
  return sign_jws(payload, kSessionType, session_secret_);
}

Checked<SessionClaims> SessionTokens::read_session(std::string_view token, std::int64_t now) const {
  GIBSEY_TRY(const auto payload, open_jws(token, session_key_, {kSessionType}));
  GIBSEY_TRY(const auto expires, check_times(payload, now));
  // What this server signed has the form in which it writes.
  return SessionClaims{payload.at("sub"), payload.value("scopes", std::set<std::string>()), payload.value("key", std::string()),
                       expires};
}

std::string SessionTokens::sign(const LinkClaims& link) const {
  return sign_jws({{"sub", link.user_id}, {"res", link.resource}, {"exp", link.expires}}, kLinkType, link_secret_);
}

Checked<LinkClaims> SessionTokens::read_link(std::string_view token, std::string_view resource, std::int64_t now) const {
  GIBSEY_TRY(const auto payload, open_jws(token, link_key_, {kLinkType}));
  GIBSEY_TRY(const auto expires, check_times(payload, now));
  LinkClaims link{payload.at("sub"), payload.at("res"), expires};
  if (link.resource != resource) return std::unexpected(TokenRefusal{false, "link to another resource"});
  return link;
}

}  // namespace gibsey::server
