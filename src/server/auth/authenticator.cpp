#include "server/auth/authenticator.hpp"

#include "base/log.hpp"
#include "server/problem.hpp"

#include <algorithm>

namespace gibsey::server {
namespace {

constexpr std::size_t kShortestSecret = 32;
constexpr std::size_t kShortestServiceToken = 24;
constexpr std::string_view kNobody = "Sign in: send a token or an API key in the field 'Authorization: Bearer ...'.";
constexpr std::string_view kExpired = "The token has expired; get a new one.";
constexpr std::string_view kNotValid = "The token or API key is not valid.";
constexpr std::string_view kNoOrigin =
    "A request by session cookie must come from a page of this server; other clients send a token or an API key in "
    "'Authorization: Bearer ...'.";

std::unexpected<TokenRefusal> refuse(std::string_view reason) {
  return std::unexpected(TokenRefusal{false, reason});
}

net::HttpResponse unauthorized(std::string_view detail, std::string challenge) {
  auto answer = problem(401, detail);
  answer.headers.add("WWW-Authenticate", std::move(challenge));
  return answer;
}

Field<Principal> answer_of(Checked<Principal> principal) {
  if (principal) return *std::move(principal);
  log::debug("credential refused: {}", principal.error().reason);
  return std::unexpected(unauthorized(principal.error().expired ? kExpired : kNotValid, "Bearer error=\"invalid_token\""));
}

/// What follows the scheme, maybe nothing; nullopt for another scheme.
std::optional<std::string_view> bearer_credential(std::string_view field) {
  constexpr std::string_view kScheme = "Bearer";
  const auto end = field.find(' ');
  if (!net::equal_ignoring_case(field.substr(0, end), kScheme)) return std::nullopt;
  const auto begin = field.find_first_not_of(' ', std::min(end, field.size()));
  return begin == std::string_view::npos ? std::string_view() : field.substr(begin);
}

std::optional<std::string_view> find_bearer(const net::HttpRequest& request) {
  const auto field = request.headers.find("Authorization");
  return field ? bearer_credential(*field) : std::nullopt;
}

std::optional<std::string_view> find_token(const Authenticator::Query& query) {
  const auto at = std::ranges::find(query, "token", &Authenticator::Query::value_type::first);
  return at == query.end() ? std::nullopt : std::optional<std::string_view>(at->second);
}

Principal with_scopes(std::string user_id, std::set<std::string> scopes) {
  Principal principal;
  principal.user_id = std::move(user_id);
  principal.authenticated = true;
  principal.admin = scopes.contains(kAdminScope);
  principal.service = scopes.contains(kServiceScope);
  principal.scopes = std::move(scopes);
  return principal;
}

bool matches(const std::optional<Digest>& configured, std::string_view given) {
  return configured && equal(*configured, sha256(given));
}

Result<void> check_settings(const AuthSettings& settings) {
  GIBSEY_CHECK(check_cookie(settings.cookie));
  const auto wrong = [](std::string message) { return fail(ErrorCode::invalid_argument, std::move(message)); };
  if (!settings.session_secret.empty() && settings.session_secret.size() < kShortestSecret) {
    return wrong("The session secret must have at least 32 bytes; leave it empty for a random one.");
  }
  if (!settings.service_token.empty() && settings.service_token.size() < kShortestServiceToken) {
    return wrong("The service token must have at least 24 characters.");
  }
  if (settings.session_lifetime.count() <= 0 || settings.link_lifetime.count() <= 0) {
    return wrong("The lifetimes of sessions and links must be longer than nothing.");
  }
  const bool somebody = settings.jwt || !settings.api_keys.empty() || !settings.service_token.empty();
  if (settings.mode == AuthMode::on && !somebody) {
    return wrong("Auth is on, but nobody can sign in: set the key of the tokens, an API key or a service token.");
  }
  return {};
}

}  // namespace

Result<Authenticator> Authenticator::make(AuthSettings settings, Clock clock) {
  GIBSEY_CHECK(check_settings(settings));
  GIBSEY_TRY(auto keys, ApiKeys::make(settings.api_keys));
  Authenticator made(std::move(keys),
                     SessionTokens(settings.session_secret.empty() ? random_bytes(kShortestSecret) : settings.session_secret));
  if (settings.jwt) {
    GIBSEY_TRY(auto verifier, JwtVerifier::make(*std::move(settings.jwt)));
    made.jwt_ = std::move(verifier);
  }
  made.mode_ = settings.mode;
  made.clock_ = std::move(clock);
  if (!settings.service_token.empty()) made.service_token_ = sha256(settings.service_token);
  made.cassandra_token_ = settings.cassandra_token.empty() ? made.service_token_ : sha256(settings.cassandra_token);
  made.cookie_ = std::move(settings.cookie);
  made.session_lifetime_ = settings.session_lifetime;
  made.link_lifetime_ = settings.link_lifetime;
  return made;
}

Field<Principal> Authenticator::identify(const net::HttpRequest& request, const Query& query, std::string_view resource) const {
  if (!on()) {
    Principal anybody;
    anybody.open = true;
    return anybody;
  }
  if (request.headers.count("Authorization") > 1 || request.headers.count("X-Api-Key") > 1)
    return answer_of(refuse("credentials sent twice"));
  if (const auto credential = find_bearer(request)) return answer_of(by_bearer(*credential));
  if (const auto key = request.headers.find("X-Api-Key")) return answer_of(by_api_key(*key));

  std::optional<TokenRefusal> bad_link;
  if (const auto token = find_token(query); token && !resource.empty()) {
    auto linked = by_link(*token, resource);
    if (linked) return *std::move(linked);
    bad_link = linked.error();
  }
  const auto cookies = find_cookies(request, cookie_.name);
  if (cookies.empty() && bad_link) return answer_of(std::unexpected(*bad_link));
  if (cookies.empty()) return std::unexpected(unauthorized(kNobody, "Bearer"));
  auto principal = by_cookies(cookies);
  if (principal && !cookie_may_act(request)) return std::unexpected(problem(403, kNoOrigin));
  return answer_of(std::move(principal));
}

Checked<Principal> Authenticator::by_bearer(std::string_view credential) const {
  if (credential.size() > kLongestToken) return refuse("longer than 8 KiB");
  if (auto owner = by_api_key(credential)) return owner;
  if (matches(service_token_, credential)) return with_scopes({}, {kServiceScope});
  return by_jwt(credential);
}

Checked<Principal> Authenticator::by_api_key(std::string_view key) const {
  if (key.size() > kLongestToken) return refuse("longer than 8 KiB");
  const auto* const entry = api_keys_.find(key);
  if (entry == nullptr) return refuse("unknown API key");
  auto principal = with_scopes(entry->user_id, entry->scopes);
  principal.key_id = entry->id;
  return principal;
}

Checked<Principal> Authenticator::by_jwt(std::string_view token) const {
  if (!jwt_) return refuse("unknown credential, and no key for tokens is configured");
  GIBSEY_TRY(auto claims, jwt_->verify(token, now()));
  claims.scopes.erase(kServiceScope);
  auto principal = with_scopes(std::move(claims.user_id), std::move(claims.scopes));
  principal.expires = claims.expires;
  return principal;
}

Checked<Principal> Authenticator::by_link(std::string_view token, std::string_view resource) const {
  GIBSEY_TRY(auto link, tokens_.read_link(token, resource, now()));
  auto principal = with_scopes(std::move(link.user_id), {});
  principal.expires = link.expires;
  return principal;
}

Checked<Principal> Authenticator::by_cookies(const std::vector<std::string_view>& cookies) const {
  // A neighbour under the same domain may have set the second one: neither can be trusted to be the reader's.
  if (cookies.size() > 1) return refuse("two session cookies");
  GIBSEY_TRY(auto session, tokens_.read_session(cookies.front(), now()));
  if (!session.key_id.empty()) {
    const auto* const entry = api_keys_.find_by_id(session.key_id);
    if (entry == nullptr) return refuse("the API key that opened the session is gone");
    std::erase_if(session.scopes, [entry](const std::string& scope) { return !entry->scopes.contains(scope); });
  }
  auto principal = with_scopes(std::move(session.user_id), std::move(session.scopes));
  principal.key_id = std::move(session.key_id);
  principal.expires = session.expires;
  return principal;
}

std::expected<Principal, CassandraRefusal> Authenticator::identify_cassandra_client(const net::HttpRequest& request) const {
  const auto token = request.headers.find("X-Cassandra-Token");
  if (!token || token->empty()) return std::unexpected(CassandraRefusal::missing);
  if (request.headers.count("X-Cassandra-Token") > 1) return std::unexpected(CassandraRefusal::unknown);
  if (matches(cassandra_token_, *token)) return with_scopes({}, {kServiceScope});
  if (auto issued = cassandra_tokens_->find(std::string(*token), now())) return *std::move(issued);
  if (on() || cassandra_token_) return std::unexpected(CassandraRefusal::unknown);
  Principal anybody;
  anybody.open = true;
  return anybody;
}

std::optional<std::string> Authenticator::issue_cassandra_token(const std::string& username, const std::string& password) const {
  Principal principal;
  const auto* const entry = api_keys_.find(password);
  if (entry != nullptr && entry->user_id == username) {
    principal = with_scopes(entry->user_id, entry->scopes);
    principal.key_id = entry->id;
  } else if (matches(service_token_, password) || matches(cassandra_token_, password)) {
    principal = with_scopes({}, {kServiceScope});
  } else if (!on() && !cassandra_token_) {
    principal.open = true;
  } else {
    return std::nullopt;
  }
  return cassandra_tokens_->issue(std::move(principal), now());
}

std::string Authenticator::link_token(const std::string& user_id, const std::string& resource) const {
  return tokens_.sign(LinkClaims{user_id, resource, now() + link_lifetime_.count()});
}

std::string Authenticator::signed_url(std::string url, const std::string& user_id, const std::string& resource) const {
  if (!on()) return url;
  url += url.find('?') == std::string::npos ? "?token=" : "&token=";
  return url + link_token(user_id, resource);
}

Authenticator::OpenedSession Authenticator::open_session(const Principal& opener, const std::string& user_id) const {
  SessionClaims session{user_id, {}, opener.key_id, now() + session_lifetime_.count()};
  if (opener.expires) session.expires = std::min(session.expires, *opener.expires);
  // Only these mean anything here; a token's other scopes could make the cookie larger than browsers keep.
  for (const char* scope : {kAdminScope, kServiceScope}) {
    if (user_id == opener.user_id && opener.scopes.contains(scope)) session.scopes.insert(scope);
  }
  auto field = set_cookie(cookie_, tokens_.sign(session), std::chrono::seconds(session.expires - now()));
  return {std::move(session), std::move(field)};
}

}  // namespace gibsey::server
