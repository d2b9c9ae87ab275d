#include "net/sse.hpp"
#include "server/testing/server_fixture.hpp"

namespace gibsey::server {
namespace {

using namespace std::chrono_literals;
using testing::ServerTest;

class Ask : public ServerTest {
 protected:
  static std::vector<net::SseEvent> events_of(const std::string& stream) {
    net::SseReader reader;
    std::vector<net::SseEvent> events;
    EXPECT_TRUE(reader.feed(stream, events));
    return events;
  }
  static std::vector<model::TurnEvent> reply() {
    model::Source source{.n = 1,
                         .page_id = "7",
                         .label = "7",
                         .title = "Title 7",
                         .chapter = "One",
                         .quote = "the bells",
                         .start = 3,
                         .end = 12,
                         .score = 0.5};
    model::Quote quote{.n = 1, .page_id = "7", .label = "7", .title = "Title 7", .start = 3, .end = 12, .text = "the bells"};
    return {model::TurnStarted{"t1", "c1", 5},
            model::SourcesFound{{source}, "text"},
            model::ContextComposed{{"p7"}, {}},
            model::TokenText{"I climbed"},
            model::TokenText{" for\n\n\u201cthe bells\u201d"},
            model::QuoteClosed{quote},
            model::UsageCounted{{100, 7}},
            model::LedgerSettled{{5, 5, 0, 95, "answered"}},
            model::TurnDone{"t1", model::FinishReason::stop, "scripted", "script", false, 3, 9}};
  }
  static inline const std::string kQuestion = R"({"user_id":"u1","char_id":"arieol","text":"Why did you climb the tower?"})";
};

TEST_F(Ask, StreamsTheTurnWithUnnamedTokensAndNamedEvents) {
  turns_.script(reply(), true);
  const auto answer = post("/ask", kQuestion);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("Content-Type"), "text/event-stream");
  EXPECT_EQ(answer.header("Cache-Control"), "no-cache, no-transform");
  EXPECT_EQ(answer.header("X-Accel-Buffering"), "no");
  EXPECT_TRUE(answer.whole);
  EXPECT_TRUE(answer.body.starts_with(": ok\n\n")) << answer.body;
  const auto id = turns_.last()->turn_id();
  EXPECT_EQ(answer.header("X-Gibsey-Turn"), id);
  const auto events = events_of(answer.body);
  std::vector<std::string> types;
  std::string text;
  for (const auto& event : events) {
    types.push_back(event.type);
    if (event.type == "message") text += event.data;
    EXPECT_TRUE(event.id.starts_with(id + ":")) << event.id;
  }
  EXPECT_EQ(types, (std::vector<std::string>{"turn", "sources", "message", "message", "quote", "ledger", "done"}));
  EXPECT_EQ(text, "I climbed for\n\n\u201cthe bells\u201d");
  // Numbers count all events of the turn, also those that this dialect does not show.
  EXPECT_EQ(events[2].id, id + ":4");
  EXPECT_EQ(Json::parse(events[0].data)["conversation_id"], "c1");
  EXPECT_EQ(Json::parse(events[1].data)[0]["quote"], "the bells");
  const auto quote = Json::parse(events[4].data);
  EXPECT_EQ(quote["page_id"], "7");
  EXPECT_EQ(quote["verified"], true);
  EXPECT_EQ(Json::parse(events[5].data),
            (Json{{"held", 5}, {"charged", 5}, {"released", 0}, {"balance", 95}, {"rule", "answered"}}));
  EXPECT_EQ(Json::parse(events[6].data)["finish_reason"], "stop");
}

TEST_F(Ask, HandsTheQuestionOver) {
  turns_.script(reply(), true);
  post(
      "/ask",
      R"({"user_id":"u1","char_id":null,"text":"Wer?\nUnd \"warum\"?","world":"tower","page_id":"7","conversation_id":"c9","max_tokens":40,"extra":[1]})");
  post("/ask", R"({"user_id":"u2","text":"x"})");
  const auto questions = turns_.questions();
  ASSERT_EQ(questions.size(), 2U);
  EXPECT_EQ(questions[0].character_id, "");
  EXPECT_EQ(questions[0].text, "Wer?\nUnd \"warum\"?");
  EXPECT_EQ(questions[0].world, "tower");
  EXPECT_EQ(questions[0].page_id, "7");
  EXPECT_EQ(questions[0].conversation_id, "c9");
  EXPECT_EQ(questions[0].max_tokens, 40);
  EXPECT_EQ(questions[1].character_id, "");
  EXPECT_EQ(questions[1].max_tokens, 0);
}

TEST_F(Ask, SendsItsFirstBytesBeforeTheTurnHasSaidAnythingAndKeepsTheStreamAlive) {
  turns_.script({}, false);
  net::testing::RawClient client(port());
  client.send("POST /ask HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(kQuestion.size()) + "\r\n\r\n" +
              kQuestion);
  EXPECT_NE(client.receive_until(": ok\n\n").find(": ok\n\n"), std::string::npos);
  // Comments go on while nothing happens.
  const auto quiet = client.receive_until(": \n\n\r\n4\r\n: \n\n\r\n");
  EXPECT_NE(quiet.find(": \n\n\r\n4\r\n: \n\n\r\n"), std::string::npos) << quiet;
  turns_.last()->append(model::TokenText{"late"});
  turns_.last()->close();
  const auto answer = client.response();
  EXPECT_TRUE(answer.whole);
  ASSERT_EQ(events_of(answer.body).size(), 1U);
  EXPECT_EQ(events_of(answer.body)[0].data, "late");
}

TEST_F(Ask, AReaderThatLeavesDoesNotStopTheTurnAndLeavesTheServerFree) {
  turns_.script({model::TokenText{"first"}}, false);
  {
    net::testing::RawClient client(port());
    client.send("POST /ask HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(kQuestion.size()) + "\r\n\r\n" +
                kQuestion);
    client.receive_until("first");
  }
  for (int i = 0; i < 500 && server_->server().connections() > 0; ++i) std::this_thread::sleep_for(2ms);
  EXPECT_EQ(server_->server().connections(), 0U);
  EXPECT_FALSE(turns_.last()->stop_requested());
  turns_.last()->append(model::TokenText{"still told"});
  turns_.last()->close();
}

TEST_F(Ask, RefusesBeforeTheStreamInThePlainWayOfHttp) {
  const auto poor = post("/ask", R"({"user_id":"poor","char_id":"arieol","text":"x"})");
  EXPECT_EQ(poor.status, 402);
  EXPECT_EQ(Json::parse(poor.body).dump(), R"({"needed":5,"available":2})");
  expect_problem(post("/ask", R"({"user_id":"u","char_id":"nobody","text":"x"})"), 404, "char not found");
  const auto busy = post("/ask", R"({"user_id":"u","text":"busy"})");
  expect_problem(busy, 429, "7 seconds");
  EXPECT_EQ(busy.header("Retry-After"), "7");
  expect_problem(post("/ask", R"({"user_id":"u","text":"down"})"), 503, "ledger");
  EXPECT_TRUE(turns_.questions().empty());
}

TEST_F(Ask, NamesTheFieldThatIsWrong) {
  expect_problem(post("/ask", "{\"user_id\":"), 400, "JSON");
  expect_problem(post("/ask", "{\"user_id\":\"u\",\"text\":\"\xFF\"}"), 400, "JSON");
  expect_problem(post("/ask", "[1]"), 422, "object");
  expect_problem(post("/ask", ""), 400, "JSON");
  expect_problem(post("/ask", kQuestion + std::string("\0junk", 5)), 400, "JSON");
  expect_problem(post("/ask", R"({"text":"x"})"), 422, "user_id", "user_id");
  expect_problem(post("/ask", R"({"user_id":"u"})"), 422, "text", "text");
  expect_problem(post("/ask", R"({"user_id":"u","text":null})"), 422, "missing", "text");
  expect_problem(post("/ask", R"({"user_id":"u","text":""})"), 422, "empty", "text");
  expect_problem(post("/ask", R"({"user_id":7,"text":"x"})"), 422, "must be a text", "user_id");
  expect_problem(post("/ask", R"({"user_id":"","text":"x"})"), 422, "empty", "user_id");
  expect_problem(post("/ask", R"({"user_id":"a\nb","text":"x"})"), 422, "control", "user_id");
  expect_problem(post("/ask", R"({"user_id":"u","text":"a\u0000b"})"), 422, "control", "text");
  expect_problem(post("/ask", R"({"user_id":"u","text":"x","char_id":5})"), 422, "must be a text", "char_id");
  expect_problem(post("/ask", R"({"user_id":"u","text":"x","max_tokens":"many"})"), 422, "whole number", "max_tokens");
  expect_problem(post("/ask", R"({"user_id":"u","text":"x","max_tokens":18446744073709551615})"), 422, "whole number",
                 "max_tokens");
  expect_problem(post("/ask", R"({"user_id":")" + std::string(129, 'u') + R"(","text":"x"})"), 422, "128", "user_id");
  std::string umlauts;
  for (int i = 0; i < 8000; ++i) umlauts += "\xC3\xBC";
  turns_.script(reply(), true);
  EXPECT_EQ(post("/ask", R"({"user_id":"u","text":")" + umlauts + "\"}").status, 200);
  expect_problem(post("/ask", R"({"user_id":"u","text":")" + umlauts + "x\"}"), 422, "8000", "text");
  expect_problem(post("/ask", R"({"user_id":"u","text":")" + std::string(70'000, 'x') + "\"}"), 413, "65536");
  expect_problem(post("/ask", std::string(30'000, '[')), 400, "JSON");
}

TEST_F(Ask, TellsAFailureAfterTheFirstByteAsAnEvent) {
  turns_.script({model::TurnStarted{"t", "c", 5}, model::TokenText{"I"},
                 model::TurnFailed{"unavailable", "the model broke off", true, true}},
                true);
  const auto events = events_of(post("/ask", kQuestion).body);
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[2].type, "error");
  EXPECT_EQ(Json::parse(events[2].data),
            (Json{{"code", "unavailable"}, {"message", "the model broke off"}, {"retryable", true}, {"released", true}}));
}

TEST_F(Ask, Serves200ReadersAtOnce) {
  turns_.script(reply(), false);
  std::vector<std::unique_ptr<net::testing::RawClient>> readers;
  for (int i = 0; i < 200; ++i) {
    readers.push_back(std::make_unique<net::testing::RawClient>(port()));
    readers.back()->send("POST /ask HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(kQuestion.size()) +
                         "\r\n\r\n" + kQuestion);
  }
  for (auto& reader : readers) EXPECT_NE(reader->receive_until("event: done").find("event: done"), std::string::npos);
  EXPECT_EQ(server_->server().connections(), 200U);
  EXPECT_EQ(get("/live").status, 200);
}

}  // namespace
}  // namespace gibsey::server
