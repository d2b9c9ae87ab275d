#include "net/ndjson.hpp"
#include "net/sse.hpp"
#include "server/testing/server_fixture.hpp"

#include <cstring>

namespace gibsey::server {
namespace {

using testing::ServerTest;

class Facades : public ServerTest {
 protected:
  static std::vector<model::TurnEvent> reply(model::FinishReason reason = model::FinishReason::stop) {
    const model::Source source{.n = 1, .page_id = "7", .label = "7", .title = "Title 7", .quote = "the bells", .end = 9};
    const model::Quote quote{.n = 1, .page_id = "7", .label = "7", .title = "Title 7", .end = 9, .text = "the bells"};
    return {model::TurnStarted{"t1", "c1", 5},
            model::SourcesFound{{source}, "text"},
            model::ContextComposed{{"p7"}, {}},
            model::TokenText{"I climbed"},
            model::TokenText{" for\n\"the bells\" (p. 7)"},
            model::QuoteClosed{quote},
            model::UsageCounted{{100, 7}},
            model::LedgerSettled{{5, 5, 0, 95, "complete: charged in full"}},
            model::TurnDone{"t1", reason, "scripted", "script", false, 3, 9}};
  }
  static std::vector<model::TurnEvent> failure() {
    return {model::TurnStarted{"t1", "c1", 5}, model::SourcesFound{{}, "none"}, model::TokenText{"I cl"},
            model::LedgerSettled{{5, 0, 5, 100, "failed: released in full"}},
            model::TurnFailed{"unavailable", "the model went away", true, true}};
  }
  /// Type and data of each event; data that is JSON parsed.
  static std::vector<std::pair<std::string, Json>> events_of(const net::testing::RawResponse& answer) {
    net::SseReader reader;
    std::vector<net::SseEvent> events;
    EXPECT_TRUE(reader.feed(answer.body, events));
    std::vector<std::pair<std::string, Json>> parsed;
    for (const auto& event : events) parsed.emplace_back(event.type, Json::parse(event.data, nullptr, false));
    return parsed;
  }
  static std::vector<Json> lines_of(const net::testing::RawResponse& answer) {
    net::NdjsonReader reader;
    std::vector<std::string> lines;
    EXPECT_TRUE(reader.feed(answer.body, lines));
    std::vector<Json> parsed;
    for (const auto& line : lines) parsed.push_back(Json::parse(line));
    return parsed;
  }
  static std::string body(const std::string& model, const std::string& more = "", const std::string& text = "Why?") {
    return R"({"model":")" + model + R"(","messages":[{"role":"user","content":")" + text + R"("}])" + more + "}";
  }
  static constexpr std::size_t kTooLong = 1'100'000;
  static inline const std::string kReply = "I climbed for\n\"the bells\" (p. 7)";
};

TEST_F(Facades, OpenAiGivesAWholeCompletion) {
  turns_.script(reply(), true);
  const auto answer = post("/v1/chat/completions",
                           body("tower/arieol", R"(,"temperature":0.2,"top_p":0.5,"max_tokens":40,"stop":["END"],"user":"u7")"));
  ASSERT_EQ(answer.status, 200) << answer.body;
  const auto completion = json(answer);
  EXPECT_EQ(completion["object"], "chat.completion");
  EXPECT_EQ(completion["id"], "chatcmpl-t1");
  EXPECT_EQ(completion["model"], "tower/arieol");
  const auto& choice = completion["choices"][0];
  EXPECT_EQ(choice["finish_reason"], "stop");
  EXPECT_EQ(choice["message"]["content"], kReply);
  EXPECT_EQ(choice["message"]["gibsey"]["quotes"][0]["page_id"], "7");
  EXPECT_EQ(choice["message"]["gibsey"]["receipt"]["charged"], 5);
  EXPECT_EQ(completion["usage"]["total_tokens"], 107);
  EXPECT_EQ(answer.header("X-Gibsey-Turn"), turns_.last()->turn_id());
  const auto question = turns_.questions().at(0);
  EXPECT_EQ(question.world, "tower");
  EXPECT_EQ(question.character_id, "arieol");
  EXPECT_EQ(question.user_id, "u7");
  EXPECT_EQ(question.max_tokens, 40);
  EXPECT_EQ(question.stop, (std::vector<std::string>{"END"}));
  EXPECT_EQ(question.dialect.name, "facade");
  EXPECT_DOUBLE_EQ(question.dialect.temperature, 0.2);
  EXPECT_DOUBLE_EQ(question.dialect.top_p, 0.5);
  EXPECT_FALSE(question.dialect.tone);
  EXPECT_TRUE(question.dialect.charged);
}

TEST_F(Facades, OpenAiStreamsChunks) {
  turns_.script(reply(model::FinishReason::length), true);
  const auto answer = post("/v1/chat/completions", body("gibsey", R"(,"stream":true,"stream_options":{"include_usage":true})"));
  EXPECT_EQ(answer.header("Content-Type"), "text/event-stream");
  EXPECT_TRUE(answer.body.ends_with("data: [DONE]\n\n")) << answer.body;
  const auto events = events_of(answer);
  ASSERT_EQ(events.size(), 6U);
  EXPECT_EQ(events[0].second["choices"][0]["delta"], (Json{{"role", "assistant"}, {"content", ""}}));
  EXPECT_EQ(events[1].second["choices"][0]["delta"]["content"], "I climbed");
  EXPECT_TRUE(events[1].second["usage"].is_null());
  EXPECT_FALSE(events[1].second.contains("gibsey"));
  EXPECT_EQ(events[3].second["choices"][0]["finish_reason"], "length");
  EXPECT_EQ(events[3].second["gibsey"]["sources"][0]["quote"], "the bells");
  EXPECT_TRUE(events[4].second["choices"].empty());
  EXPECT_EQ(events[4].second["usage"]["completion_tokens"], 7);
  EXPECT_EQ(turns_.questions().at(0).user_id, "anonymous");
}

TEST_F(Facades, AFailureAfterTheFirstTokenIsTheStreamsLastWord) {
  turns_.script(failure(), true);
  const auto openai = events_of(post("/v1/chat/completions", body("arieol", R"(,"stream":true)")));
  EXPECT_EQ(openai.back().second["error"]["code"], "unavailable");
  EXPECT_EQ(openai.back().second["error"]["gibsey"]["receipt"]["released"], 5);
  const auto anthropic = events_of(post("/v1/messages", body("arieol", R"(,"max_tokens":9,"stream":true)")));
  EXPECT_EQ(anthropic.back().first, "error");
  EXPECT_EQ(anthropic.back().second["error"]["type"], "overloaded_error");
  const auto ollama = lines_of(post("/api/chat", body("arieol")));
  EXPECT_EQ(ollama.back(), (Json{{"error", "the model went away"}}));
  const auto responses = events_of(post("/v1/responses", R"({"model":"arieol","input":"x","stream":true})"));
  EXPECT_EQ(responses.back().first, "response.failed");
  EXPECT_EQ(responses.back().second["response"]["status"], "failed");
}

TEST_F(Facades, AFailureOfAWholeReplyHasItsStatus) {
  turns_.script(failure(), true);
  const auto openai = post("/v1/chat/completions", body("arieol"));
  EXPECT_EQ(openai.status, 503);
  EXPECT_EQ(json(openai)["error"]["message"], "the model went away");
  EXPECT_EQ(post("/v1/messages", body("arieol", R"(,"max_tokens":9)")).status, 503);
  EXPECT_EQ(post("/api/generate", R"({"model":"arieol","prompt":"x","stream":false})").status, 503);
}

TEST_F(Facades, TextThatBecameVoidEndsAStream) {
  turns_.script({model::TurnStarted{"t1", "c1", 5}, model::TokenText{"Old"}, model::TextReplaced{"why"}, model::TokenText{"New"},
                 model::TurnDone{.turn_id = "t1"}},
                true);
  const auto answer = post("/v1/chat/completions", body("arieol", R"(,"stream":true)"));
  EXPECT_EQ(events_of(answer).back().second["error"]["code"], "replaced");
  EXPECT_EQ(answer.body.find("New"), std::string::npos);
  EXPECT_EQ(json(post("/v1/chat/completions", body("arieol")))["choices"][0]["message"]["content"], "New");
}

TEST_F(Facades, OpenAiRefusesInItsOwnWords) {
  const auto error = [this](const std::string& sent, int status) {
    const auto answer = post("/v1/chat/completions", sent);
    EXPECT_EQ(answer.status, status) << answer.body;
    EXPECT_EQ(answer.header("Content-Type"), "application/json");
    return json(answer)["error"];
  };
  EXPECT_EQ(error("{", 400)["type"], "invalid_request_error");
  EXPECT_EQ(error("[1]", 422)["type"], "invalid_request_error");
  EXPECT_EQ(error(R"({"messages":[]})", 422)["param"], "model");
  EXPECT_EQ(error(body("nobody"), 404)["code"], "model_not_found");
  const auto poor = error(body("arieol", R"(,"user":"poor")"), 402);
  EXPECT_EQ(poor["code"], "insufficient_quota");
  EXPECT_EQ(poor["gibsey"], (Json{{"needed", 5}, {"available", 2}}));
  const auto busy = post("/v1/chat/completions", body("arieol", "", "busy"));
  EXPECT_EQ(busy.status, 429);
  EXPECT_EQ(busy.header("Retry-After"), "7");
  EXPECT_EQ(error(body("arieol", "", "down"), 503)["type"], "server_error");
  for (const char* more : {R"(,"n":2)", R"(,"tools":[{"type":"function"}])", R"(,"response_format":{"type":"json_object"})",
                           R"(,"logprobs":true)", R"(,"modalities":["text","audio"])"}) {
    EXPECT_EQ(error(body("arieol", more), 400)["code"], "unsupported_parameter") << more;
  }
  for (const char* more : {R"(,"temperature":3)", R"(,"top_p":"x")", R"(,"stream":1)", R"(,"max_tokens":0)"})
    EXPECT_FALSE(error(body("arieol", more), 422)["param"].is_null()) << more;
  EXPECT_EQ(error(body("arieol", "", std::string(kTooLong, 'x')), 413)["type"], "invalid_request_error");
  EXPECT_TRUE(turns_.questions().empty());
  turns_.script(reply(), true);
  EXPECT_EQ(post("/v1/chat/completions",
                 body("arieol", R"(,"n":1,"tools":[],"tool_choice":"none","response_format":{"type":"text"},"logprobs":false)"))
                .status,
            200);
}

TEST_F(Facades, TheSameKeyIsHandedOver) {
  turns_.script(reply(), true);
  post("/v1/chat/completions", body("arieol"), "Idempotency-Key: k1\r\n");
  const auto question = turns_.questions().at(0);
  ASSERT_TRUE(question.idempotency);
  EXPECT_EQ(question.idempotency->route, "facade");
  EXPECT_EQ(question.idempotency->key, "k1");
}

TEST_F(Facades, ModelsAreListedForBothKindsOfClients) {
  const auto list = json(get("/v1/models"));
  std::vector<std::string> ids;
  for (const auto& model : list["data"]) ids.push_back(model["id"]);
  EXPECT_EQ(ids, (std::vector<std::string>{"gibsey", "arieol", "todd", "princhetta", "annex/narrator"}));
  const auto anthropic = json(get("/v1/models", "anthropic-version: 2023-06-01\r\n"));
  EXPECT_EQ(anthropic["has_more"], false);
  EXPECT_EQ(anthropic["data"][1]["display_name"], "Arieol Owlist");
  EXPECT_EQ(json(get("/v1/models/tower/arieol"))["id"], "tower/arieol");
  EXPECT_EQ(json(get("/v1/models/tower%2Farieol"))["gibsey"]["character_id"], "arieol");
  EXPECT_EQ(json(get("/v1/models/" + embedder_.model()))["object"], "model");
  EXPECT_EQ(json(get("/v1/models/nobody"))["error"]["code"], "model_not_found");
  const auto missing = get("/v1/models/nowhere/narrator", "anthropic-version: 2023-06-01\r\n");
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(json(missing)["error"]["type"], "not_found_error");
}

TEST_F(Facades, AnthropicGivesAMessageAndItsEvents) {
  turns_.script(reply(model::FinishReason::length), true);
  const auto sent =
      R"({"model":"arieol","max_tokens":30,"system":[{"type":"text","text":"Be brief."}],"stop_sequences":["X"],"metadata":{"user_id":"u3"},"messages":[{"role":"user","content":[{"type":"text","text":"Why?"}]}])";
  const auto message = json(post("/v1/messages", std::string(sent) + "}"));
  EXPECT_EQ(message["content"][0]["text"], kReply);
  EXPECT_EQ(message["stop_reason"], "max_tokens");
  EXPECT_EQ(message["usage"]["input_tokens"], 100);
  EXPECT_EQ(message["gibsey"]["turn_id"], "t1");
  EXPECT_EQ(turns_.questions().at(0).client_system, "Be brief.");
  EXPECT_EQ(turns_.questions().at(0).user_id, "u3");
  EXPECT_EQ(turns_.questions().at(0).max_tokens, 30);
  std::vector<std::string> types;
  for (const auto& [type, data] : events_of(post("/v1/messages", std::string(sent) + R"(,"stream":true})"))) {
    types.push_back(type);
    EXPECT_EQ(data["type"], type);
  }
  EXPECT_EQ(types, (std::vector<std::string>{"message_start", "content_block_start", "content_block_delta", "content_block_delta",
                                             "content_block_stop", "message_delta", "message_stop"}));
}

TEST_F(Facades, AnthropicRefusesInItsOwnWordsAndCounts) {
  const auto missing = post("/v1/messages", body("arieol"));
  EXPECT_EQ(missing.status, 422);
  EXPECT_EQ(json(missing)["type"], "error");
  EXPECT_NE(json(missing)["error"]["message"].get<std::string>().find("max_tokens"), std::string::npos);
  const auto poor = post("/v1/messages", body("arieol", R"(,"max_tokens":9,"metadata":{"user_id":"poor"})"));
  EXPECT_EQ(poor.status, 402);
  EXPECT_EQ(json(poor)["error"]["type"], "billing_error");
  EXPECT_EQ(json(post("/v1/messages", body("nobody", R"(,"max_tokens":9)")))["error"]["type"], "not_found_error");
  const auto few = json(post("/v1/messages/count_tokens", body("arieol")))["input_tokens"].get<int>();
  const auto more = json(post("/v1/messages/count_tokens", body("arieol", R"(,"system":"Some more words here.")")));
  EXPECT_GT(few, 0);
  EXPECT_GT(more["input_tokens"].get<int>(), few);
}

TEST_F(Facades, OllamaStreamsLinesUnlessToldOtherwise) {
  turns_.script(reply(), true);
  const auto answer =
      post("/api/chat", body("arieol:latest", R"(,"options":{"temperature":0.1,"num_predict":-1,"stop":"X","seed":3})"));
  EXPECT_EQ(answer.header("Content-Type"), "application/x-ndjson");
  const auto lines = lines_of(answer);
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0]["message"]["content"], "I climbed");
  EXPECT_EQ(lines[0]["model"], "arieol:latest");
  EXPECT_EQ(lines[2]["done"], true);
  EXPECT_EQ(lines[2]["eval_count"], 7);
  EXPECT_EQ(lines[2]["total_duration"], 9'000'000);
  EXPECT_EQ(lines[2]["gibsey"]["turn_id"], "t1");
  EXPECT_EQ(turns_.questions().at(0).max_tokens, 0);
  const auto whole =
      json(post("/api/generate", R"({"model":"arieol","prompt":"Why?","system":"Be brief.","raw":true,"stream":false})"));
  EXPECT_EQ(whole["response"], kReply);
  EXPECT_EQ(whole["done_reason"], "stop");
  EXPECT_EQ(turns_.questions().at(1).client_system, "Be brief.");
}

TEST_F(Facades, OllamaKnowsItsModels) {
  const auto loaded = json(post("/api/generate", R"({"model":"arieol"})"));
  EXPECT_EQ(loaded["done_reason"], "load");
  EXPECT_EQ(json(post("/api/chat", R"({"model":"arieol","messages":[]})"))["message"]["content"], "");
  EXPECT_EQ(post("/api/generate", R"({"model":"nobody"})").status, 404);
  EXPECT_TRUE(turns_.questions().empty());
  EXPECT_EQ(json(get("/api/tags"))["models"][1]["model"], "arieol");
  EXPECT_EQ(json(get("/api/ps"))["models"].size(), 5U);
  EXPECT_EQ(json(get("/api/version"))["version"], "9.9.9");
  EXPECT_EQ(json(post("/api/show", R"({"model":"todd"})"))["capabilities"], Json::array({"completion"}));
  const auto missing = post("/api/show", R"({"name":"nobody"})");
  EXPECT_EQ(missing.status, 404);
  EXPECT_TRUE(json(missing)["error"].is_string());
}

TEST_F(Facades, TextsAreEmbedded) {
  const auto own = embedder_.model();
  const auto floats = json(post("/v1/embeddings", R"({"model":")" + own + R"(","input":["the green lamp","bells"]})"));
  ASSERT_EQ(floats["data"].size(), 2U);
  EXPECT_EQ(floats["data"][1]["index"], 1);
  const auto vector = floats["data"][0]["embedding"].get<std::vector<float>>();
  EXPECT_EQ(vector.size(), static_cast<std::size_t>(embedder_.dimension()));
  const auto coded =
      json(post("/v1/embeddings", R"({"model":")" + own + R"(","input":"the green lamp","encoding_format":"base64"})"));
  EXPECT_EQ(coded["data"][0]["embedding"].get<std::string>().size(), 4 * ((vector.size() * sizeof(float) + 2) / 3));
  EXPECT_EQ(json(post("/api/embed", R"({"model":")" + own + R"(","input":"the green lamp"})"))["embeddings"][0], Json(vector));
  EXPECT_EQ(json(post("/api/embeddings", R"({"model":")" + own + R"(","prompt":"the green lamp"})"))["embedding"], Json(vector));
  EXPECT_EQ(post("/v1/embeddings", R"({"model":"arieol","input":"x"})").status, 404);
  EXPECT_EQ(post("/v1/embeddings", R"({"model":")" + own + R"(","input":[1,2]})").status, 400);
  EXPECT_EQ(post("/v1/embeddings", R"({"model":")" + own + R"(","input":[]})").status, 422);
  EXPECT_EQ(post("/v1/embeddings", R"({"model":")" + own + R"(","input":"x","dimensions":3})").status, 400);
}

TEST_F(Facades, ResponsesHaveTheirEventsInOrder) {
  turns_.script(reply(), true);
  const auto whole = json(post(
      "/v1/responses",
      R"({"model":"arieol","instructions":"Be brief.","input":[{"role":"user","content":[{"type":"input_text","text":"Why?"}]}]})"));
  EXPECT_EQ(whole["id"], "resp_t1");
  EXPECT_EQ(whole["status"], "completed");
  EXPECT_EQ(whole["output"][0]["content"][0]["text"], kReply);
  EXPECT_EQ(whole["gibsey"]["quotes"].size(), 1U);
  EXPECT_EQ(turns_.questions().at(0).client_system, "Be brief.");
  std::vector<std::string> types;
  for (const auto& [type, data] : events_of(post("/v1/responses", R"({"model":"arieol","input":"Why?","stream":true})"))) {
    EXPECT_EQ(data["sequence_number"], types.size());
    types.push_back(type);
  }
  EXPECT_EQ(types, (std::vector<std::string>{"response.created", "response.in_progress", "response.output_item.added",
                                             "response.content_part.added", "response.output_text.delta",
                                             "response.output_text.delta", "response.output_text.done",
                                             "response.content_part.done", "response.output_item.done", "response.completed"}));
  EXPECT_EQ(post("/v1/responses", R"({"model":"arieol","input":"x","previous_response_id":"resp_none"})").status, 404);
}

}  // namespace
}  // namespace gibsey::server
