#include "provider/openai/chat_body.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace gibsey::provider {
namespace {

using nlohmann::json;

ChatRequest question() {
  ChatRequest request;
  request.messages = {{Role::system, "Keep\xFF"}, {Role::user, "Why?"}, {Role::assistant, "So."}};
  request.max_tokens = 50;
  request.sampling.temperature = 0.5;
  request.sampling.top_p = 0.8;
  request.sampling.seed = 5;
  request.stop = {"a", "", "b", "c", "d", "e"};
  return request;
}

TEST(ChatBody, HoldsWhatTheModelTakes) {
  const auto body = chat_body(question(), {.model = "m"}, {});
  EXPECT_EQ(body["model"], "m");
  EXPECT_EQ(body["stream"], true);
  EXPECT_EQ(body["stream_options"]["include_usage"], true);
  EXPECT_EQ(body["messages"][0], json({{"role", "system"}, {"content", "Keep\uFFFD"}}));
  EXPECT_EQ(body["messages"][2]["role"], "assistant");
  EXPECT_EQ(body["max_tokens"], 50);
  EXPECT_EQ(body["temperature"], 0.5);
  EXPECT_EQ(body["top_p"], 0.8);
  EXPECT_EQ(body["seed"], 5);
  EXPECT_EQ(body["stop"], json::array({"a", "b", "c", "d"}));
  EXPECT_FALSE(body.contains("min_p"));
  EXPECT_FALSE(body.contains("max_completion_tokens"));
}

TEST(ChatBody, TheOptionsWin) {
  const auto body = chat_body(question(), {.model = "m", .temperature = 0.1, .max_tokens = 20}, {});
  EXPECT_EQ(body["max_tokens"], 20);
  EXPECT_EQ(body["temperature"], 0.1);
  EXPECT_EQ(chat_body(question(), {.max_tokens = 2000}, {})["max_tokens"], 50);
}

TEST(ChatBody, WhatIsRefusedIsLeftOut) {
  const ModelHabits habits{.refused = {"max_tokens", "temperature", "stream_options", "stop", "seed", "top_p"}};
  const auto body = chat_body(question(), {.model = "m"}, habits);
  EXPECT_EQ(body.size(), 4U) << body;
  EXPECT_EQ(body["max_completion_tokens"], 50 + kRoomToThink);
  EXPECT_EQ(chat_body(question(), {}, {.refused = {"max_tokens", "max_completion_tokens"}}).contains("max_tokens"), false);
  EXPECT_EQ(chat_body(question(), {}, {.thinks = true})["max_tokens"], 50 + kRoomToThink);
}

TEST(ChatBody, TellsWhichParameterARefusalIsAbout) {
  struct Case {
    int status;
    const char* answer;
    const char* parameter;
  };
  const Case cases[] = {
      {400,
       R"({"error":{"message":"Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.","type":"invalid_request_error","param":"max_tokens","code":"unsupported_parameter"}})",
       "max_tokens"},
      {400,
       R"({"error":{"message":"Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.","code":"invalid_request_body"}})",
       "max_tokens"},
      {400,
       R"({"error":{"message":"Unsupported value: 'temperature' does not support 0.7 with this model. Only the default (1) value is supported.","param":"temperature","code":"unsupported_value"}})",
       "temperature"},
      {422,
       R"({"object":"error","message":{"detail":[{"type":"extra_forbidden","loc":["body","stream_options","include_usage"],"msg":"Extra inputs are not permitted","input":true}]},"code":null})",
       "stream_options"},
      {422, R"({"detail":[{"loc":["body","seed"],"msg":"extra fields not permitted","type":"value_error.extra"}]})", "seed"},
      {400, "Unknown field: top_p", "top_p"},
      {400, R"({"error":{"message":"Unrecognized request argument supplied: stream_options"}})", "stream_options"},
      {400, R"({"error":{"message":"'stop' is not supported with this model","param":"stop"}})", "stop"},
      {400, R"({"error":{"message":"max_tokens is too large: 5000","param":"max_tokens","code":"invalid_value"}})", ""},
      {400, R"({"error":{"message":"Unsupported parameter: 'max_completion_tokens'"}})", ""},
      {400, R"({"error":{"message":"unsupported: nonstop service"}})", ""},
      {400, R"({"error":{"message":"the model does not support images"}})", ""},
      {401, R"({"error":{"message":"unsupported temperature"}})", ""},
      {500, R"({"error":{"message":"unsupported temperature"}})", ""},
      {400, "", ""},
  };
  const auto sent = chat_body(question(), {.model = "m"}, {});
  for (const auto& [status, answer, parameter] : cases) {
    EXPECT_EQ(refused_parameter(status, answer, sent).value_or(""), parameter) << answer;
  }
  const auto again = chat_body(question(), {.model = "m"}, {.refused = {"max_tokens"}});
  EXPECT_EQ(refused_parameter(400, "unknown field max_completion_tokens", again), "max_completion_tokens");
}

}  // namespace
}  // namespace gibsey::provider
