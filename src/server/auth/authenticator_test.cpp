#include "server/auth/authenticator.hpp"

#include "server/auth/base64url.hpp"
#include "server/auth/testing/signing.hpp"
#include "server/json_response.hpp"

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <sstream>

namespace gibsey::server {
namespace {

constexpr std::int64_t kNow = 1'800'000'000;
const std::string kJwtSecret = "the issuer's secret, 32 bytes lg";
const std::string kAnnKey = "gbs_ann0ann0ann0ann0ann0";
const std::string kRootKey = "gbs_root0root0root0root0";
const std::string kRoleKey = "gbs_role0role0role0role0";
const std::string kServiceToken = "service token of the roles";

AuthSettings settings() {
  AuthSettings made;
  made.mode = AuthMode::on;
  made.jwt = JwtSettings{"HS256", kJwtSecret, {}, {}};
  made.api_keys = {{kAnnKey, "ann", {}}, {api_key_hash(kRootKey), "root", {"admin"}}, {kRoleKey, "role", {"service"}}};
  made.service_token = kServiceToken;
  made.session_secret = "the secret of our own tokens, 32";
  return made;
}

std::string jwt(const std::string& user_id, const std::string& scope = "", std::int64_t expires = kNow + 100) {
  const Json payload{{"sub", user_id}, {"exp", expires}, {"scope", scope}};
  return testing::hs256(R"({"alg":"HS256"})", payload.dump(), kJwtSecret);
}

net::HttpRequest request(std::initializer_list<net::HttpHeaders::Field> fields, const std::string& method = "GET") {
  net::HttpRequest made;
  made.method = method;
  made.target = "/ask";
  made.headers = fields;
  return made;
}

net::HttpRequest bearer(const std::string& credential) {
  return request({{"Authorization", "Bearer " + credential}}, "POST");
}

/// Requests to a server whose clock stands at kNow until it is moved.
class AuthenticatorTest : public ::testing::Test {
 protected:
  Authenticator make(AuthSettings with = settings()) const {
    return Authenticator::make(std::move(with), [now = now_] { return *now * 1000 + 999; }).value();
  }
  /// "ann", "root admin", "role service"; else the status.
  static std::string who(const Field<Principal>& principal) {
    if (!principal) return std::to_string(principal.error().status);
    EXPECT_TRUE(principal->authenticated);
    EXPECT_FALSE(principal->open);
    return principal->user_id + (principal->admin ? " admin" : "") + (principal->service ? " service" : "");
  }
  std::string who(const net::HttpRequest& sent, const Authenticator::Query& query = {}, std::string_view resource = {}) const {
    return who(authenticator_.identify(sent, query, resource));
  }
  std::string cookie_of(const net::HttpRequest& opener, const std::string& user_id) const {
    const auto field = authenticator_.open_session(authenticator_.identify(opener, {}).value(), user_id).set_cookie;
    return field.substr(0, field.find(';'));
  }

  std::shared_ptr<std::int64_t> now_ = std::make_shared<std::int64_t>(kNow);
  Authenticator authenticator_ = make();
};

TEST_F(AuthenticatorTest, KnowsWhoeverSendsOneOfItsCredentials) {
  EXPECT_EQ(who(bearer(jwt("bob"))), "bob");
  EXPECT_EQ(who(bearer(jwt("bob", "read admin"))), "bob admin");
  EXPECT_EQ(who(bearer(kAnnKey)), "ann");
  EXPECT_EQ(who(bearer(kRootKey)), "root admin");
  EXPECT_EQ(who(bearer(kRoleKey)), "role service");
  EXPECT_EQ(who(bearer(kServiceToken)), " service");
  EXPECT_EQ(who(request({{"X-Api-Key", kAnnKey}})), "ann");
  EXPECT_EQ(who(request({{"authorization", "bearer   " + kAnnKey}})), "ann");
  EXPECT_EQ(authenticator_.identify(bearer(jwt("bob", "read")), {}).value().scopes, std::set<std::string>{"read"});
}

TEST_F(AuthenticatorTest, RefusesEverythingElse) {
  for (const auto& credential :
       {std::string(), std::string("x"), kAnnKey + "x", kAnnKey.substr(1), kAnnKey.substr(0, kAnnKey.size() - 1),
        std::string("gbs_"), api_key_hash(kAnnKey), api_key_hash(kRootKey).substr(7), kServiceToken + " ",
        kServiceToken.substr(1), jwt("bob") + "x", jwt("bob", "", kNow), jwt(""), kAnnKey + std::string(20'000, 'x'),
        std::string(20'000, 'x'), "Bearer " + kAnnKey}) {
    EXPECT_EQ(who(bearer(credential)), "401") << credential;
    EXPECT_EQ(who(request({{"X-Api-Key", credential}})), "401") << credential;
  }
  EXPECT_EQ(who(request({})), "401");
  EXPECT_EQ(who(request({{"Authorization", "Bearer"}})), "401");
  EXPECT_EQ(who(request({{"Authorization", kAnnKey}})), "401");
  EXPECT_EQ(who(request({{"Authorization", "Basic " + kAnnKey}})), "401");
  EXPECT_EQ(who(request({{"Authorization", "BearerX " + kAnnKey}})), "401");
  EXPECT_EQ(who(request({{"X-Api-Key", jwt("bob")}})), "401");
  EXPECT_EQ(who(request({{"X-Api-Key", kServiceToken}})), "401");
  EXPECT_EQ(who(request({{"X-Cassandra-Token", kServiceToken}})), "401");
}

TEST_F(AuthenticatorTest, TheRefusalTellsWhatToDoAndNoMore) {
  const auto nobody = authenticator_.identify(request({}), {}).error();
  EXPECT_EQ(nobody.headers.find("WWW-Authenticate"), "Bearer");
  EXPECT_EQ(nobody.headers.find("Content-Type"), "application/problem+json");
  const auto expired = authenticator_.identify(bearer(jwt("bob", "", kNow - 1)), {}).error();
  EXPECT_EQ(Json::parse(expired.body).at("detail"), "The token has expired; get a new one.");
  auto forged_expired = jwt("bob", "", kNow - 1);
  forged_expired[forged_expired.size() - 5] ^= 1;
  std::set<std::string> bodies;
  for (const auto& bad : {forged_expired, jwt("bob") + "x", std::string("gbs_unknown"), std::string("x.y.z"), jwt("")}) {
    const auto refused = authenticator_.identify(bearer(bad), {}).error();
    EXPECT_EQ(refused.headers.find("WWW-Authenticate"), "Bearer error=\"invalid_token\"");
    bodies.insert(refused.body);
  }
  EXPECT_EQ(bodies.size(), 1U) << "the answers tell causes apart";
  EXPECT_EQ(Json::parse(*bodies.begin()).at("detail"), "The token or API key is not valid.");
}

TEST_F(AuthenticatorTest, CredentialsAreNotMixed) {
  EXPECT_EQ(who(request({{"Authorization", "Bearer " + kAnnKey}, {"Authorization", "Bearer " + kAnnKey}})), "401");
  EXPECT_EQ(who(request({{"X-Api-Key", kAnnKey}, {"X-Api-Key", kRootKey}})), "401");
  EXPECT_EQ(who(request({{"Authorization", "Bearer x"}, {"X-Api-Key", kAnnKey}})), "401")
      << "a bad credential is no invitation to look for another";
  EXPECT_EQ(who(request({{"Authorization", "Bearer x"}, {"Cookie", cookie_of(bearer(kAnnKey), "ann")}})), "401");
  EXPECT_EQ(who(request({{"X-Api-Key", kAnnKey}, {"Authorization", "Bearer " + kRootKey}})), "root admin");
  EXPECT_EQ(who(request({{"Authorization", "Basic eHg6eHg="}, {"X-Api-Key", kAnnKey}})), "ann") << "a proxy's own sign-in";
}

TEST_F(AuthenticatorTest, NoTokenOfAnIssuerMakesAService) {
  EXPECT_EQ(who(bearer(jwt("bob", "service"))), "bob");
  const auto principal = authenticator_.identify(bearer(jwt("bob", "service read")), {}).value();
  EXPECT_EQ(principal.scopes, std::set<std::string>{"read"});
  EXPECT_EQ(who(request({{"Cookie", cookie_of(bearer(jwt("bob", "service admin")), "bob")}})), "bob admin");
}

TEST_F(AuthenticatorTest, WhereAuthIsOffWhoeverComesIsBelieved) {
  auto off = settings();
  off.mode = AuthMode::off;
  const auto authenticator = make(std::move(off));
  for (const auto& sent : {request({}), bearer("nonsense"), bearer(jwt("bob"))}) {
    const auto principal = authenticator.identify(sent, {}).value();
    EXPECT_TRUE(principal.open);
    EXPECT_FALSE(principal.authenticated);
    EXPECT_EQ(authorize_user(principal, "anyone"), "anyone");
  }
  EXPECT_EQ(authenticator.signed_url("/v1/turns/1/events", "ann", turn_resource("1")), "/v1/turns/1/events");
  EXPECT_TRUE(Authenticator::make({})) << "nothing needs to be set";
}

TEST_F(AuthenticatorTest, ACookieSpeaksForItsUserUntilItEnds) {
  const auto cookie = cookie_of(bearer(kAnnKey), "ann");
  EXPECT_EQ(who(request({{"Cookie", "x=1; " + cookie}})), "ann");
  *now_ = kNow + 12 * 3600 - 1;
  EXPECT_EQ(who(request({{"Cookie", cookie}})), "ann");
  *now_ += 1;
  EXPECT_EQ(who(request({{"Cookie", cookie}})), "401");
}

TEST_F(AuthenticatorTest, ACookieDoesNotOutliveItsToken) {
  const auto cookie = cookie_of(bearer(jwt("bob", "", kNow + 50)), "bob");
  const auto opened = authenticator_.open_session(authenticator_.identify(bearer(jwt("bob", "", kNow + 50)), {}).value(), "bob");
  EXPECT_NE(opened.set_cookie.find("Max-Age=50;"), std::string::npos) << opened.set_cookie;
  *now_ = kNow + 49;
  EXPECT_EQ(who(request({{"Cookie", cookie}})), "bob");
  EXPECT_EQ(
      authenticator_.open_session(authenticator_.identify(request({{"Cookie", cookie}}), {}).value(), "bob").session.expires,
      kNow + 50)
      << "a session cannot prolong itself";
  *now_ = kNow + 50;
  EXPECT_EQ(who(request({{"Cookie", cookie}})), "401");
}

TEST_F(AuthenticatorTest, ACookieNeedsAnOriginToAct) {
  const auto cookie = cookie_of(bearer(kAnnKey), "ann");
  EXPECT_EQ(who(request({{"Cookie", cookie}}, "POST")), "403");
  EXPECT_EQ(who(request({{"Cookie", cookie}, {"Origin", "http://localhost:8002"}}, "POST")), "ann");
  EXPECT_EQ(who(request({{"Cookie", cookie}, {"Upgrade", "websocket"}})), "403");
  EXPECT_EQ(who(request({{"Cookie", cookie}, {"Upgrade", "websocket"}, {"Origin", "http://localhost:8002"}})), "ann");
  EXPECT_EQ(who(request({{"Cookie", cookie}, {"Authorization", "Bearer " + kRootKey}}, "POST")), "root admin")
      << "no page can make a browser send that field";
}

TEST_F(AuthenticatorTest, TwoSessionCookiesAreNone) {
  const auto ann = cookie_of(bearer(kAnnKey), "ann");
  const auto root = cookie_of(bearer(kRootKey), "root");
  EXPECT_EQ(who(request({{"Cookie", ann + "; " + root}})), "401");
  EXPECT_EQ(who(request({{"Cookie", ann}, {"Cookie", ann}})), "401");
  EXPECT_EQ(who(request({{"Cookie", "gibsey_session="}})), "401");
  EXPECT_EQ(who(request({{"Cookie", "gibsey_session=" + jwt("bob")}})), "401") << "an issuer's token is no session";
  EXPECT_EQ(who(request({{"Cookie", "other=" + ann.substr(ann.find('=') + 1)}})), "401");
  EXPECT_EQ(who(bearer(ann.substr(ann.find('=') + 1))), "401") << "a session is no issuer's token";
}

TEST_F(AuthenticatorTest, ASessionEndsWithItsApiKeyAndKeepsNoScopeThatTheKeyLost) {
  const auto ann = cookie_of(bearer(kAnnKey), "ann");
  const auto root = cookie_of(bearer(kRootKey), "root");
  EXPECT_EQ(who(request({{"Cookie", root}})), "root admin");
  auto changed = settings();
  changed.api_keys = {{kRootKey, "root", {}}};
  const auto later = make(std::move(changed));
  EXPECT_EQ(who(later.identify(request({{"Cookie", ann}}), {})), "401");
  EXPECT_EQ(who(later.identify(request({{"Cookie", root}}), {})), "root");
}

TEST_F(AuthenticatorTest, ASessionForAnotherUserHasNoScopes) {
  EXPECT_EQ(who(request({{"Cookie", cookie_of(bearer(kRootKey), "bob")}})), "bob");
  EXPECT_EQ(who(request({{"Cookie", cookie_of(bearer(kServiceToken), "bob")}})), "bob");
}

TEST_F(AuthenticatorTest, WithoutASecretSessionsEndWithTheProcess) {
  auto random = settings();
  random.session_secret.clear();
  const auto first = make(random);
  const auto second = make(random);
  const auto link = first.link_token("ann", turn_resource("1"));
  EXPECT_EQ(who(first.identify(request({}), {{"token", link}}, turn_resource("1"))), "ann");
  EXPECT_EQ(who(second.identify(request({}), {{"token", link}}, turn_resource("1"))), "401");
}

TEST_F(AuthenticatorTest, ASignedUrlOpensOneThingForTenMinutes) {
  const auto turn = turn_resource("0a1b");
  const auto url = authenticator_.signed_url("/v1/turns/0a1b/events", "ann", turn);
  ASSERT_TRUE(url.starts_with("/v1/turns/0a1b/events?token=")) << url;
  EXPECT_TRUE(authenticator_.signed_url("/x?a=1", "ann", turn).starts_with("/x?a=1&token="));
  const Authenticator::Query query = net::parse_query(url.substr(url.find('?') + 1)).value();
  ASSERT_EQ(query.size(), 1U) << "the token needs no escapes";
  EXPECT_EQ(who(request({}), query, turn), "ann");
  EXPECT_EQ(who(request({}), query, turn_resource("0a1c")), "401");
  EXPECT_EQ(who(request({}), query, session_resource("0a1b")), "401");
  EXPECT_EQ(who(request({}), query), "401") << "a route that names no resource takes no token";
  EXPECT_EQ(who(request({}), {{"token", authenticator_.link_token("ann", "")}}), "401");
  *now_ = kNow + 599;
  EXPECT_EQ(who(request({}), query, turn), "ann");
  *now_ = kNow + 600;
  const auto refused = authenticator_.identify(request({}), query, turn);
  ASSERT_FALSE(refused);
  EXPECT_EQ(Json::parse(refused.error().body).at("detail"), "The token has expired; get a new one.");
}

TEST_F(AuthenticatorTest, NothingButALinkIsTakenOutOfTheAddress) {
  const auto turn = turn_resource("1");
  const auto cookie = cookie_of(bearer(kAnnKey), "ann");
  for (const auto& token : {jwt("bob"), kAnnKey, kRootKey, kServiceToken, cookie.substr(cookie.find('=') + 1), std::string()}) {
    EXPECT_EQ(who(request({}), {{"token", token}}, turn), "401") << token;
  }
  const auto link = authenticator_.link_token("ann", turn);
  EXPECT_EQ(who(bearer(link), {}, turn), "401");
  EXPECT_EQ(who(request({{"X-Api-Key", link}}), {}, turn), "401");
  EXPECT_EQ(who(request({{"Cookie", "gibsey_session=" + link}}), {}, turn), "401");
}

TEST_F(AuthenticatorTest, ALinkGivesNoScopes) {
  const auto turn = turn_resource("1");
  EXPECT_EQ(who(request({}), {{"token", authenticator_.link_token("root", turn)}}, turn), "root");
}

TEST_F(AuthenticatorTest, ACookieStandsInForALinkThatHasExpired) {
  const auto turn = turn_resource("1");
  const auto link = authenticator_.link_token("ann", turn);
  const auto cookie = cookie_of(bearer(kAnnKey), "ann");
  *now_ = kNow + 700;
  EXPECT_EQ(who(request({{"Cookie", cookie}}), {{"token", link}}, turn), "ann");
  EXPECT_EQ(who(request({{"Cookie", "gibsey_session=x"}}), {{"token", link}}, turn), "401");
}

TEST_F(AuthenticatorTest, CassandrasClientsSendTheConfiguredToken) {
  const auto allowed = [](const Authenticator& by, const std::string& token) {
    return by.identify_cassandra_client(request({{"X-Cassandra-Token", token}})).has_value();
  };
  EXPECT_TRUE(authenticator_.identify_cassandra_client(request({{"X-Cassandra-Token", kServiceToken}}))->service);
  EXPECT_FALSE(allowed(authenticator_, "x"));
  EXPECT_EQ(authenticator_.identify_cassandra_client(request({{"X-Cassandra-Token", ""}})).error(), CassandraRefusal::missing);
  EXPECT_EQ(authenticator_.identify_cassandra_client(request({})).error(), CassandraRefusal::missing);
  EXPECT_FALSE(authenticator_.identify_cassandra_client(
      request({{"X-Cassandra-Token", kServiceToken}, {"X-Cassandra-Token", kServiceToken}})));

  auto own = settings();
  own.cassandra_token = "short";
  EXPECT_TRUE(allowed(make(own), "short"));
  EXPECT_FALSE(allowed(make(own), kServiceToken));
  own.mode = AuthMode::off;
  EXPECT_FALSE(allowed(make(own), "x")) << "a configured token counts without auth as well";

  const auto open = make(AuthSettings());
  EXPECT_TRUE(open.identify_cassandra_client(request({{"X-Cassandra-Token", "anything"}}))->open);
  EXPECT_FALSE(allowed(open, ""));
  auto without = settings();
  without.service_token.clear();
  EXPECT_FALSE(allowed(make(without), "anything"));
}

TEST_F(AuthenticatorTest, ACassandraClientGetsATokenForHalfAnHour) {
  const auto who_has = [this](const std::optional<std::string>& token) {
    return authenticator_.identify_cassandra_client(request({{"X-Cassandra-Token", token.value_or("")}}));
  };
  const auto ann = authenticator_.issue_cassandra_token("ann", kAnnKey);
  ASSERT_TRUE(ann);
  EXPECT_EQ(ann->size(), 36U) << "a UUID";
  EXPECT_EQ(who_has(ann)->user_id, "ann");
  EXPECT_FALSE(who_has(ann)->service);
  EXPECT_TRUE(who_has(authenticator_.issue_cassandra_token("stargate", kServiceToken))->service);
  EXPECT_FALSE(authenticator_.issue_cassandra_token("ben", kAnnKey)) << "another user's key";
  EXPECT_FALSE(authenticator_.issue_cassandra_token("ann", "cassandra"));
  *now_ = kNow + 1799;
  EXPECT_TRUE(who_has(ann));
  *now_ = kNow + 1800;
  EXPECT_EQ(who_has(ann).error(), CassandraRefusal::unknown);
  EXPECT_TRUE(make(AuthSettings()).issue_cassandra_token("cassandra", "cassandra")) << "where auth is off";
}

TEST_F(AuthenticatorTest, SettingsThatProtectNothingAreErrors) {
  const auto error = [](const std::function<void(AuthSettings&)>& change) {
    auto changed = settings();
    change(changed);
    const auto made = Authenticator::make(changed);
    EXPECT_FALSE(made);
    return made ? std::string() : made.error().message;
  };
  const auto has = [](const std::string& message, const char* part) { return message.find(part) != std::string::npos; };
  EXPECT_PRED2(has, error([](auto& s) { s.jwt.reset(), s.api_keys.clear(), s.service_token.clear(); }), "nobody can sign in");
  EXPECT_PRED2(has, error([](auto& s) { s.jwt->key = "short"; }), "32 bytes");
  EXPECT_PRED2(has, error([](auto& s) { s.jwt->algorithm = "none"; }), "HS256, RS256 or ES256");
  EXPECT_PRED2(has, error([](auto& s) { s.session_secret = "short"; }), "32 bytes");
  EXPECT_PRED2(has, error([](auto& s) { s.service_token = "short"; }), "24 characters");
  EXPECT_PRED2(has, error([](auto& s) { s.cookie.name = "a b"; }), "cookie");
  EXPECT_PRED2(has, error([](auto& s) { s.link_lifetime = std::chrono::seconds(0); }), "lifetimes");
  EXPECT_PRED2(has, error([](auto& s) { s.session_lifetime = std::chrono::seconds(-1); }), "lifetimes");
  for (const char* key : {"", "gbs_short", "sk-0123456789012345678901234567", "sha256:", "sha256:00", "sha256:zz"}) {
    const auto message = error([key](auto& s) { s.api_keys[1].key = key; });
    EXPECT_PRED2(has, message, "API key number 2") << key;
  }
  EXPECT_PRED2(has, error([](auto& s) { s.api_keys[0].user_id = ""; }), "user_id");
  EXPECT_PRED2(has, error([](auto& s) { s.api_keys[0].user_id = "a\nb"; }), "user_id");
  EXPECT_PRED2(has, error([](auto& s) { s.api_keys[0].user_id = "a\xFF"; }), "user_id");
  EXPECT_PRED2(has, error([](auto& s) { s.api_keys.push_back({api_key_hash(kAnnKey), "bob", {}}); }), "twice");
}

TEST_F(AuthenticatorTest, NewKeysAreLongAndDiffer) {
  std::set<std::string> keys;
  for (int i = 0; i < 100; ++i) keys.insert(new_api_key());
  EXPECT_EQ(keys.size(), 100U);
  EXPECT_EQ(keys.begin()->size(), 47U);
  EXPECT_TRUE(keys.begin()->starts_with("gbs_"));
  auto hashed = settings();
  hashed.api_keys = {{api_key_hash(*keys.begin()), "carl", {}}};
  EXPECT_EQ(who(make(hashed).identify(bearer(*keys.begin()), {})), "carl");
}

TEST_F(AuthenticatorTest, TheLogHoldsNoCredential) {
  std::ostringstream lines;
  const auto before = spdlog::default_logger();
  auto logger = std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(lines));
  logger->set_level(spdlog::level::trace);
  spdlog::set_default_logger(logger);
  const std::vector<std::string> credentials = {jwt("bob") + "x", jwt("bob", "", kNow - 1), kAnnKey + "x",
                                                "0p4qu3-w0rd-0f-4n0th3r-k1nd", authenticator_.link_token("ann", "x")};
  for (const auto& credential : credentials) {
    EXPECT_EQ(who(bearer(credential)), "401");
    EXPECT_EQ(who(request({}), {{"token", credential}}, turn_resource("1")), "401");
    EXPECT_EQ(who(request({{"Cookie", "gibsey_session=" + credential}})), "401");
  }
  spdlog::set_default_logger(before);
  const auto log = lines.str();
  EXPECT_NE(log.find("credential refused: expired"), std::string::npos) << log;
  for (const auto& credential : credentials) {
    for (std::size_t i = 0; i + 8 <= credential.size(); i += 4)
      EXPECT_EQ(log.find(credential.substr(i, 8)), std::string::npos) << credential << " " << i;
  }
}

}  // namespace
}  // namespace gibsey::server
