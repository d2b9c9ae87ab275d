#include "server/testing/server_fixture.hpp"

namespace gibsey::server {
namespace {

const std::string kKey = "gbs_" + std::string(43, 'r');

AuthSettings one_reader() {
  AuthSettings settings;
  settings.mode = AuthMode::on;
  settings.api_keys = {{.key = kKey, .user_id = "reader", .scopes = {}}};
  return settings;
}

/// Clients of the facades where sign-in is on.
class FacadeSignIn : public testing::ServerTest {
 protected:
  FacadeSignIn() : ServerTest(one_reader()) {
    turns_.script({model::TurnStarted{"t1", "c1", 5}, model::TokenText{"Yes."}, model::TurnDone{.turn_id = "t1"}}, true);
  }
  static inline const std::string kQuestion = R"({"model":"arieol","max_tokens":9,"messages":[{"role":"user","content":"Why?"}])";
};

TEST_F(FacadeSignIn, NobodyIsRefusedInTheWordsOfTheirClient) {
  const auto openai = post("/v1/chat/completions", kQuestion + "}");
  EXPECT_EQ(openai.status, 401);
  EXPECT_TRUE(openai.header("WWW-Authenticate"));
  EXPECT_EQ(json(openai)["error"]["code"], "invalid_api_key");
  EXPECT_EQ(json(post("/v1/messages", kQuestion + "}"))["error"]["type"], "authentication_error");
  EXPECT_TRUE(json(post("/api/chat", kQuestion + "}"))["error"].is_string());
  EXPECT_EQ(json(post("/mcp", "{}"))["error"]["code"], -32000);
  EXPECT_TRUE(turns_.questions().empty());
}

TEST_F(FacadeSignIn, AKeyIsTheReaderInEitherField) {
  EXPECT_EQ(post("/v1/messages", kQuestion + "}", "x-api-key: " + kKey + "\r\n").status, 200);
  EXPECT_EQ(post("/v1/chat/completions", kQuestion + "}", "Authorization: Bearer " + kKey + "\r\n").status, 200);
  for (const auto& question : turns_.questions()) EXPECT_EQ(question.user_id, "reader");
  EXPECT_EQ(post("/v1/chat/completions", kQuestion + R"(,"user":"other"})", "Authorization: Bearer " + kKey + "\r\n").status,
            403);
}

}  // namespace
}  // namespace gibsey::server
