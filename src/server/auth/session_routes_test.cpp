#include "server/auth/session_routes.hpp"

#include "server/json_response.hpp"

#include <gtest/gtest.h>

namespace gibsey::server {
namespace {

const std::string kAnnKey = "gbs_ann0ann0ann0ann0ann0";
const std::string kServiceToken = "service token of the roles";

class SessionRoutesTest : public ::testing::Test {
 protected:
  static Authenticator make(AuthMode mode) {
    AuthSettings settings;
    settings.mode = mode;
    settings.api_keys = {{kAnnKey, "ann", {"admin"}}};
    settings.service_token = kServiceToken;
    return Authenticator::make(std::move(settings)).value();
  }
  Principal principal(const std::string& credential) const {
    net::HttpRequest request;
    request.headers.add("Authorization", "Bearer " + credential);
    return authenticator_.identify(request, {}).value();
  }
  Principal by_cookie(const std::string& set_cookie) const {
    net::HttpRequest request;
    request.method = "GET";
    request.headers.add("Cookie", set_cookie.substr(0, set_cookie.find(';')));
    return authenticator_.identify(request, {}).value();
  }

  Authenticator authenticator_ = make(AuthMode::on);
};

TEST_F(SessionRoutesTest, AKeyBecomesACookieThatSaysTheSame) {
  const auto created = create_session(authenticator_, principal(kAnnKey), "");
  ASSERT_EQ(created.status, 200) << created.body;
  const auto body = Json::parse(created.body);
  EXPECT_EQ(body.at("user_id"), "ann");
  EXPECT_EQ(body.at("admin"), true);
  EXPECT_EQ(body.at("auth"), "on");
  EXPECT_EQ(created.headers.find("Cache-Control"), "no-store");
  const auto cookie = std::string(created.headers.find("Set-Cookie").value());
  EXPECT_NE(cookie.find("HttpOnly"), std::string::npos);
  EXPECT_EQ(created.body.find(cookie.substr(20, 40)), std::string::npos) << "scripts can read the body";

  const auto told = get_session(by_cookie(cookie));
  EXPECT_EQ(told.status, 200);
  EXPECT_EQ(Json::parse(told.body), body);
  EXPECT_FALSE(told.headers.find("Set-Cookie"));
}

TEST_F(SessionRoutesTest, AServiceOpensASessionForAUser) {
  EXPECT_EQ(create_session(authenticator_, principal(kServiceToken), "{}").status, 422);
  const auto created = create_session(authenticator_, principal(kServiceToken), R"({"user_id":"bob"})");
  ASSERT_EQ(created.status, 200);
  const auto session = by_cookie(std::string(created.headers.find("Set-Cookie").value()));
  EXPECT_EQ(session.user_id, "bob");
  EXPECT_FALSE(session.service);
  EXPECT_EQ(create_session(authenticator_, session, R"({"user_id":"ann"})").status, 403);
  EXPECT_EQ(create_session(authenticator_, session, R"({"user_id":"bob"})").status, 200);
}

TEST_F(SessionRoutesTest, WrongBodiesAreNamed) {
  const auto ann = principal(kAnnKey);
  EXPECT_EQ(create_session(authenticator_, ann, "{").status, 400);
  EXPECT_EQ(create_session(authenticator_, ann, "[]").status, 422);
  EXPECT_EQ(create_session(authenticator_, ann, R"({"user_id":1})").status, 422);
  EXPECT_EQ(create_session(authenticator_, ann, R"({"user_id":"a\u0000"})").status, 422);
  EXPECT_EQ(create_socket_token(authenticator_, ann, R"({"session_id":1})").status, 422);
  EXPECT_EQ(create_socket_token(authenticator_, ann, "{").status, 400);
}

TEST_F(SessionRoutesTest, LeavingForgetsTheCookie) {
  const auto deleted = delete_session(authenticator_);
  EXPECT_EQ(deleted.status, 204);
  EXPECT_EQ(deleted.headers.find("Set-Cookie"), "gibsey_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
}

TEST_F(SessionRoutesTest, WhereAuthIsOffThereIsNoCookie) {
  const auto off = make(AuthMode::off);
  const auto anybody = off.identify({}, {}).value();
  const auto created = create_session(off, anybody, R"({"user_id":"bob"})");
  EXPECT_EQ(created.status, 200);
  EXPECT_FALSE(created.headers.find("Set-Cookie"));
  EXPECT_EQ(Json::parse(created.body), Json::parse(R"({"auth":"off","user_id":"bob","admin":false,"expires":null})"));
  EXPECT_EQ(Json::parse(get_session(anybody).body), Json::parse(R"({"auth":"off","user_id":null,"admin":false,"expires":null})"));
}

TEST_F(SessionRoutesTest, ASocketsTokenOpensThatSocket) {
  const auto open = [this](const std::string& body, std::string_view resource) {
    const auto created = create_socket_token(authenticator_, principal(kAnnKey), body);
    EXPECT_EQ(created.status, 201) << created.body;
    return authenticator_.identify({}, {{"token", Json::parse(created.body).at("token")}}, resource).has_value();
  };
  EXPECT_TRUE(open(R"({"session_id":"s1"})", session_resource("s1")));
  EXPECT_FALSE(open(R"({"session_id":"s1"})", session_resource("s2")));
  EXPECT_FALSE(open(R"({"session_id":"s1"})", kChatSocket));
  EXPECT_TRUE(open("", kChatSocket));
  EXPECT_FALSE(open("", session_resource("")));
  EXPECT_EQ(Json::parse(create_socket_token(authenticator_, principal(kAnnKey), "").body).at("expires_in"), 600);
  EXPECT_EQ(create_socket_token(authenticator_, principal(kServiceToken), "").status, 422);
  EXPECT_EQ(create_socket_token(authenticator_, Principal(), "").status, 403);
}

}  // namespace
}  // namespace gibsey::server
