#include "provider/anthropic/anthropic_model.hpp"

#include "net/testing/canned_server.hpp"
#include "provider/testing/answering_server.hpp"
#include "provider/testing/run.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <boost/asio/detached.hpp>
#include <nlohmann/json.hpp>

#include <ctime>

namespace gibsey::provider {
namespace {

using namespace std::chrono_literals;
using net::testing::byte_by_byte;
using net::testing::CannedServer;
using net::testing::chunked;
using nlohmann::json;
using testing::AnsweringServer;
using testing::run;
using testing::tell;

const std::string kHead = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
const std::string kEnd = "0\r\n\r\n";
const std::string kKey = "sk-ant-0123456789abcdef";

std::string event(const json& data) {
  return "event: " + data["type"].get<std::string>() + "\ndata: " + data.dump() + "\n\n";
}

std::string message_start() {
  return event(
      {{"type", "message_start"},
       {"message",
        {{"id", "msg_1"},
         {"content", json::array()},
         {"usage",
          {{"input_tokens", 20}, {"cache_creation_input_tokens", 5}, {"cache_read_input_tokens", 100}, {"output_tokens", 1}}}}}});
}

std::string delta(const json& piece) {
  return event({{"type", "content_block_delta"}, {"index", 0}, {"delta", piece}});
}

std::string text(const std::string& piece) {
  return delta({{"type", "text_delta"}, {"text", piece}});
}

std::string message_end(const std::string& reason) {
  return event({{"type", "content_block_stop"}, {"index", 0}}) +
         event({{"type", "message_delta"},
                {"delta", {{"stop_reason", reason}, {"stop_sequence", nullptr}}},
                {"usage", {{"output_tokens", 7}}}}) +
         event({{"type", "message_stop"}});
}

std::string block_start() {
  return event({{"type", "content_block_start"}, {"index", 0}, {"content_block", {{"type", "text"}, {"text", ""}}}});
}

std::string whole(const std::string& events) {
  return kHead + chunked(events) + kEnd;
}

std::vector<CannedServer::Piece> stream_of(const std::string& events) {
  return {{whole(events)}};
}

std::string refusal(const std::string& status, const std::string& type, const std::string& words,
                    const std::string& headers = "") {
  return testing::answer(status, json({{"type", "error"}, {"error", {{"type", type}, {"message", words}}}}).dump(), headers);
}

UpstreamOptions options_at(const std::string& address, const std::string& model = "claude-3-haiku-20240307") {
  return {.name = "anthropic", .base_url = address, .api_key = kKey, .model = model};
}

std::unique_ptr<AnthropicModel> model_at(const std::string& address, const std::string& model = "claude-3-haiku-20240307") {
  auto made = AnthropicModel::create(options_at(address, model));
  EXPECT_TRUE(made);
  return std::move(*made);
}

ChatRequest question() {
  ChatRequest request;
  request.messages = {{Role::system, "You keep the tower."}, {Role::user, "Why did you climb?"}};
  request.max_tokens = 50;
  return request;
}

testing::Told answer_to(std::vector<CannedServer::Piece> pieces) {
  CannedServer server(std::move(pieces));
  return run(tell(*model_at(server.address()), question()));
}

json body_in(const std::string& sent) {
  return json::parse(testing::body_in(sent));
}

/// Answers 400 to what `refused` is in, and a whole reply to the rest.
AnsweringServer::Answer choosy(const std::string& refused, const std::string& words) {
  return [refused, words](const std::string& request) {
    return request.contains(refused) ? refusal("400 Bad Request", "invalid_request_error", words)
                                     : whole(message_start() + text("Yes.") + message_end("end_turn"));
  };
}

TEST(Anthropic, TellsTheReplyWhateverTheCut) {
  const auto events = message_start() + block_start() + event({{"type", "ping"}}) + text("Because ") + text("caf\u00e9") +
                      text(".") + message_end("end_turn");
  for (std::size_t cut = 1; cut < events.size(); ++cut) {
    const auto told = answer_to({{kHead + chunked(events.substr(0, cut))}, {chunked(events.substr(cut)) + kEnd}});
    ASSERT_FALSE(told.error) << cut << told.error->message;
    ASSERT_EQ(told.text, "Because caf\u00e9.") << cut;
  }
  const auto told = answer_to(byte_by_byte(kHead + chunked(events) + kEnd));
  ASSERT_FALSE(told.error) << told.error->message;
  EXPECT_EQ(told.text, "Because caf\u00e9.");
  EXPECT_EQ(told.generated.finish_reason, model::FinishReason::stop);
  EXPECT_EQ(told.generated.usage.prompt_tokens, 125);
  EXPECT_EQ(told.generated.usage.completion_tokens, 7);
  EXPECT_FALSE(told.generated.usage_estimated);
  EXPECT_EQ(told.generated.reasoning_characters, 0);
}

TEST(Anthropic, AsksAsTheMessagesApiWants) {
  CannedServer server(stream_of(message_start() + text("x") + message_end("max_tokens")));
  ChatRequest request;
  request.messages = {{Role::system, "Mandate."},    {Role::system, "Persona."},   {Role::system, "Mood: calm."},
                      {Role::assistant, "Welcome."}, {Role::user, "I came."},      {Role::user, "Why did you climb?"},
                      {Role::assistant, " \n"},      {Role::user, "Tell me. \xFF"}};
  request.stable_messages = 2;
  request.max_tokens = 500;
  request.sampling.temperature = 1.4;
  request.stop = {"\n\n", "\nReader:", ""};
  auto options = options_at(server.address() + "/v1/");
  options.max_tokens = 300;
  const auto model = std::move(*AnthropicModel::create(options));
  const auto told = run(tell(*model, request));
  EXPECT_EQ(told.generated.finish_reason, model::FinishReason::length);
  const auto& sent = server.request();
  EXPECT_TRUE(sent.starts_with("POST /v1/messages HTTP/1.1\r\n")) << sent;
  EXPECT_TRUE(sent.contains("x-api-key: " + kKey + "\r\n"));
  EXPECT_TRUE(sent.contains("anthropic-version: 2023-06-01\r\n"));
  EXPECT_EQ(body_in(sent),
            json::parse(R"({"model": "claude-3-haiku-20240307", "max_tokens": 300, "stream": true, "temperature": 1.0,
    "system": [{"type": "text", "text": "Mandate.\n\nPersona.", "cache_control": {"type": "ephemeral"}},
               {"type": "text", "text": "Mood: calm."}],
    "messages": [{"role": "user", "content": "..."}, {"role": "assistant", "content": "Welcome."},
                 {"role": "user", "content": "I came.\n\nWhy did you climb?\n\nTell me. \ufffd"}],
    "stop_sequences": ["\nReader:"]})"));
}

TEST(Anthropic, TheConfiguredTemperatureWins) {
  CannedServer server(stream_of(message_start() + text("x") + message_end("end_turn")));
  auto options = options_at(server.address());
  options.temperature = 0.25;
  run(tell(**AnthropicModel::create(options), question()));
  EXPECT_EQ(body_in(server.request())["temperature"], 0.25);
  EXPECT_FALSE(body_in(server.request()).contains("top_p"));
}

TEST(Anthropic, AnOpeningIsSentWithoutItsLastSpaceAndGoneOnWith) {
  CannedServer server(
      stream_of(message_start() + text(" ") + text(" \n") + text(" up here. ") + text(" Cold.") + message_end("end_turn")));
  auto request = question();
  request.opening = "It is quiet ";
  const auto model = model_at(server.address());
  EXPECT_TRUE(model->supports_opening());
  EXPECT_EQ(run(tell(*model, request)).text, "up here.  Cold.");
  EXPECT_EQ(body_in(server.request())["messages"].back(), json({{"role", "assistant"}, {"content", "It is quiet"}}));
  request.opening = "It is quiet";
  EXPECT_EQ(run(tell(*model, request)).text, "  \n up here.  Cold.") << "nothing was taken off, so nothing is";
}

TEST(Anthropic, ThinkingIsCountedAndNotShown) {
  const auto told = answer_to(stream_of(message_start() + delta({{"type", "thinking_delta"}, {"thinking", "hm, caf\u00e9"}}) +
                                        delta({{"type", "signature_delta"}, {"signature", "c2ln"}}) +
                                        delta({{"type", "input_json_delta"}, {"partial_json", "{\"a\":"}}) + text("Yes.") +
                                        message_end("end_turn")));
  ASSERT_FALSE(told.error);
  EXPECT_EQ(told.text, "Yes.");
  EXPECT_EQ(told.generated.reasoning_characters, 8);
}

TEST(Anthropic, CitationsAreKept) {
  const json characters = {{"type", "char_location"},
                           {"cited_text", "The lamp was out."},
                           {"document_index", 2},
                           {"start_char_index", 10},
                           {"end_char_index", 27}};
  const json pages = {{"type", "page_location"},
                      {"cited_text", "Rain."},
                      {"document_index", 0},
                      {"start_page_number", 3},
                      {"end_page_number", 4}};
  const auto told =
      answer_to(stream_of(message_start() + text("It was dark") + delta({{"type", "citations_delta"}, {"citation", characters}}) +
                          delta({{"type", "citations_delta"}, {"citation", pages}}) +
                          delta({{"type", "citations_delta"}, {"citation", nullptr}}) + message_end("end_turn")));
  ASSERT_EQ(told.generated.citations.size(), 2U);
  EXPECT_EQ(told.generated.citations[0].cited_text, "The lamp was out.");
  EXPECT_EQ(told.generated.citations[0].document_index, 2);
  EXPECT_EQ(told.generated.citations[0].start, 10);
  EXPECT_EQ(told.generated.citations[0].end, 27);
  EXPECT_EQ(told.generated.citations[1].start, 3);
}

TEST(Anthropic, QuotesGoAsADocumentThatCanBeCited) {
  const json citation = {{"type", "content_block_location"},
                         {"cited_text", "The lamp was out."},
                         {"document_index", 0},
                         {"start_block_index", 1},
                         {"end_block_index", 2}};
  AnsweringServer server([&](const std::string&) {
    return whole(message_start() + text("It was dark") + delta({{"type", "citations_delta"}, {"citation", citation}}) +
                 text(".") + message_end("end_turn"));
  });
  const auto model = model_at(server.address(), "claude-sonnet-4-5");
  auto request = question();
  request.quotes = {"I climbed by night.", "The lamp was out."};
  EXPECT_EQ(run(tell(*model, request)).text, "It was dark. [[q2]]");
  const auto content = body_in(server.requests().back())["messages"].back()["content"];
  EXPECT_EQ(content,
            json::parse(R"([{"type": "document", "citations": {"enabled": true}, "source": {"type": "content", "content": [
    {"type": "text", "text": "I climbed by night."}, {"type": "text", "text": "The lamp was out."}]}},
    {"type": "text", "text": "Why did you climb?"}])"));
  request.quotes = std::vector<std::string>();
  run(tell(*model, request));
  EXPECT_EQ(body_in(server.requests().back())["messages"].back()["content"], "Why did you climb?");
}

TEST(Anthropic, AServerThatTakesNoDocumentsIsAskedWithoutThem) {
  AnsweringServer server(choosy("\"document\"", "messages.0.content.0: Input tag 'document' found using 'type' does not match"));
  const auto model = model_at(server.address(), "claude-sonnet-4-5");
  auto request = question();
  request.quotes = {"I climbed by night."};
  EXPECT_EQ(run(tell(*model, request)).text, "Yes.");
  EXPECT_EQ(run(tell(*model, request)).text, "Yes.");
  EXPECT_EQ(server.requests().size(), 3U);
}

TEST(Anthropic, WhyAReplyEnded) {
  using model::FinishReason;
  for (const auto& [reason, expected] :
       std::vector<std::pair<std::string, FinishReason>>{{"end_turn", FinishReason::stop},
                                                         {"stop_sequence", FinishReason::stop},
                                                         {"something_new", FinishReason::stop},
                                                         {"max_tokens", FinishReason::length},
                                                         {"pause_turn", FinishReason::length},
                                                         {"model_context_window_exceeded", FinishReason::length}}) {
    const auto told = answer_to(stream_of(message_start() + text("Yes.") + message_end(reason)));
    ASSERT_FALSE(told.error) << reason;
    EXPECT_EQ(told.generated.finish_reason, expected) << reason;
  }
  const auto refused = answer_to(stream_of(message_start() + text("I") + message_end("refusal")));
  ASSERT_TRUE(refused.error);
  EXPECT_EQ(refused.error->code, ErrorCode::unavailable);
  EXPECT_TRUE(refused.error->message.contains("refusal"));
}

TEST(Anthropic, StopsBeforeAStopStringEvenIfTheServerDoesNot) {
  CannedServer server(stream_of(message_start() + text("Yes.\nRea") + text("der: and?") + message_end("end_turn")));
  auto request = question();
  request.stop = {"\nReader:"};
  const auto told = run(tell(*model_at(server.address()), request));
  EXPECT_EQ(told.text, "Yes.");
  EXPECT_EQ(told.generated.usage.prompt_tokens, 125);
  EXPECT_GT(told.generated.usage.completion_tokens, 1);
  EXPECT_TRUE(told.generated.usage_estimated);
}

TEST(Anthropic, AnErrorAfterTheStartEndsTheReply) {
  for (const auto& [type, code] : std::vector<std::pair<std::string, ErrorCode>>{{"overloaded_error", ErrorCode::busy},
                                                                                 {"rate_limit_error", ErrorCode::busy},
                                                                                 {"api_error", ErrorCode::unavailable},
                                                                                 {"authentication_error", ErrorCode::forbidden},
                                                                                 {"request_too_large", ErrorCode::too_large},
                                                                                 {"novel_error", ErrorCode::unavailable}}) {
    const auto told =
        answer_to(stream_of(message_start() + text("Be") +
                            event({{"type", "error"}, {"error", {{"type", type}, {"message", "Overloaded " + kKey}}}})));
    EXPECT_EQ(told.text, "Be");
    ASSERT_TRUE(told.error) << type;
    EXPECT_EQ(told.error->code, code) << type;
    EXPECT_TRUE(told.error->message.contains("Overloaded")) << told.error->message;
    EXPECT_FALSE(told.error->message.contains(kKey)) << told.error->message;
  }
}

TEST(Anthropic, WhatIsNotAWholeStreamIsAnError) {
  const auto start = message_start() + text("Be");
  for (const std::string& rest :
       {std::string(), kEnd, chunked(event({{"type", "content_block_stop"}})) + kEnd, chunked("data: <html>\n\n") + kEnd,
        chunked("data: [1]\n\n") + kEnd, chunked("event: message_stop\ndata: {\"type\":\"message_stop\"}") + kEnd}) {
    const auto told = answer_to({{kHead + chunked(start) + rest}});
    EXPECT_EQ(told.text, "Be");
    ASSERT_TRUE(told.error) << rest;
    EXPECT_EQ(told.error->code, ErrorCode::unavailable) << rest;
  }
  const auto endless = answer_to({{kHead + chunked("data: " + std::string(2'000'000, 'a')) + kEnd}});
  ASSERT_TRUE(endless.error);
  EXPECT_EQ(endless.error->code, ErrorCode::unavailable);
}

TEST(Anthropic, WhatIsStrangeInTheStreamIsLeftOut) {
  const auto told = answer_to(stream_of(
      ": comment\n\n" + event({{"type", "novel"}, {"text", "no"}}) + "data: {\"type\": 7}\n\n" + message_start() +
      event({{"type", "content_block_start"}, {"content_block", "none"}}) + delta({{"type", "novel_delta"}, {"text", "no"}}) +
      delta("no") + delta({{"type", "text_delta"}, {"text", json::array({1})}}) + delta({{"type", "text_delta"}, {"text", 7}}) +
      event({{"type", "message_start"}, {"message", {{"usage", {{"input_tokens", -3}}}}}}) +
      event({{"type", "message_delta"}, {"delta", nullptr}, {"usage", {{"output_tokens", "many"}}}}) + text("Yes.") +
      message_end("end_turn") + text(" More.")));
  ASSERT_FALSE(told.error) << told.error->message;
  EXPECT_EQ(told.text, "Yes.");
  EXPECT_EQ(told.generated.usage.prompt_tokens, 125);
}

TEST(Anthropic, RefusalsBeforeTheStream) {
  struct Case {
    std::string status;
    std::string words;
    ErrorCode code;
  };
  for (const auto& [status, words, code] : std::vector<Case>{
           {"400 Bad Request", "prompt is too long: 207791 tokens > 200000 maximum", ErrorCode::too_large},
           {"400 Bad Request", "input length and `max_tokens` exceed context limit: 9 + 1 > 9", ErrorCode::too_large},
           {"400 Bad Request", "Your credit balance is too low", ErrorCode::forbidden},
           {"400 Bad Request", "messages: roles must alternate", ErrorCode::unavailable},
           {"402 Payment Required", "billing", ErrorCode::forbidden},
           {"404 Not Found", "model: claude-9", ErrorCode::not_found},
           {"413 Payload Too Large", "request_too_large", ErrorCode::too_large},
           {"429 Too Many Requests", "slow down", ErrorCode::busy},
           {"500 Internal Server Error", "Internal server error", ErrorCode::unavailable},
           {"502 Bad Gateway", "gateway", ErrorCode::unavailable},
           {"529 Overloaded", "Overloaded", ErrorCode::busy}}) {
    const auto told = answer_to({{refusal(status, "any_error", words)}});
    ASSERT_TRUE(told.error) << status;
    EXPECT_EQ(told.error->code, code) << told.error->message;
    EXPECT_TRUE(told.error->message.contains(words)) << told.error->message;
    EXPECT_EQ(told.error->retry_after, std::nullopt);
  }
}

TEST(Anthropic, TheKeyIsNeverTold) {
  for (const std::string status : {"401 Unauthorized", "403 Forbidden"}) {
    const auto told = answer_to({{refusal(status, "authentication_error", "invalid x-api-key sk-ant-01234...")}});
    ASSERT_TRUE(told.error);
    EXPECT_EQ(told.error->code, ErrorCode::forbidden);
    EXPECT_FALSE(told.error->message.contains("sk-ant")) << told.error->message;
  }
  const auto told = answer_to({{refusal("500 Oops", "api_error", "no\nuse: " + kKey + " " + std::string(900, 'x'))}});
  ASSERT_TRUE(told.error);
  EXPECT_FALSE(told.error->message.contains(kKey));
  EXPECT_TRUE(told.error->message.contains("no use: *** x")) << told.error->message;
  EXPECT_LT(told.error->message.size(), 300U);
}

TEST(Anthropic, HowLongToWaitIsKept) {
  const auto wait = [](const std::string& field) {
    return answer_to({{refusal("429 Too Many Requests", "rate_limit_error", "slow", field)}}).error->retry_after;
  };
  EXPECT_EQ(wait("retry-after: 7\r\n"), 7s);
  EXPECT_EQ(wait("Retry-After: 0.5\r\n"), 500ms);
  EXPECT_EQ(wait("Retry-After: -5\r\n"), 0ms);
  EXPECT_EQ(wait("Retry-After: soon\r\n"), std::nullopt);
  EXPECT_EQ(wait("Retry-After: nan\r\n"), std::nullopt);
  EXPECT_EQ(wait("Retry-After: Wed, 21 Oct 2015 07:28:00 GMT\r\n"), 0ms);
  const auto later = std::time(nullptr) + 90;
  char date[64];
  std::strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", std::gmtime(&later));
  const auto left = wait(fmt::format("Retry-After: {}\r\n", date));
  ASSERT_TRUE(left);
  EXPECT_GT(*left, 60s);
  EXPECT_LE(*left, 90s);
}

TEST(Anthropic, ARefusedOpeningIsRemembered) {
  CannedServer server(
      {{refusal("400 Bad Request", "invalid_request_error",
                "This model does not support assistant message prefill. The conversation must end with a user message.")}});
  const auto model = model_at(server.address(), "claude-sonnet-4-5");
  auto request = question();
  request.opening = "It is quiet";
  ASSERT_TRUE(model->supports_opening());
  EXPECT_EQ(run(tell(*model, request)).error->code, ErrorCode::unavailable);
  EXPECT_FALSE(model->supports_opening());
  const auto again = run(tell(*model, request));
  EXPECT_TRUE(again.error->message.contains("begun")) << again.error->message;
}

TEST(Anthropic, WhatAModelRefusesIsLeftOutFromThenOn) {
  AnsweringServer server(choosy("\"temperature\"", "`temperature` is deprecated for this model."));
  const auto model = model_at(server.address(), "claude-mythos-preview");
  EXPECT_EQ(run(tell(*model, question())).text, "Yes.");
  EXPECT_EQ(server.requests().size(), 2U);
  EXPECT_EQ(run(tell(*model, question())).text, "Yes.");
  EXPECT_EQ(server.requests().size(), 3U);
}

TEST(Anthropic, AModelThatCannotBeKeptFromThinkingGetsTokensForIt) {
  AnsweringServer server(choosy("\"disabled\"", "\"thinking.type.disabled\" is not supported for this model."));
  const auto model = model_at(server.address(), "claude-opus-5-5");
  EXPECT_EQ(run(tell(*model, question())).text, "Yes.");
  const auto body = body_in(server.requests().back());
  EXPECT_EQ(body["max_tokens"], 50 + 2048);
  EXPECT_EQ(body["output_config"]["effort"], "low");
  EXPECT_FALSE(body.contains("temperature"));
  EXPECT_EQ(run(tell(*model, question())).text, "Yes.");
  EXPECT_EQ(server.requests().size(), 3U);
}

TEST(Anthropic, AReplyOfThoughtsAloneIsAnErrorAndTheNextGetsRoom) {
  CannedServer server(
      stream_of(message_start() + delta({{"type", "thinking_delta"}, {"thinking", "hm"}}) + message_end("max_tokens")));
  const auto model = model_at(server.address());
  EXPECT_EQ(run(tell(*model, question())).error->code, ErrorCode::unavailable);
  run(tell(*model, question()));
  EXPECT_EQ(body_in(server.request())["max_tokens"], 50 + 2048);
}

testing::Told with_patience(std::vector<CannedServer::Piece> pieces, Patience patience) {
  CannedServer server(std::move(pieces));
  auto options = options_at(server.address());
  options.patience = patience;
  return run(tell(**AnthropicModel::create(options), question()));
}

TEST(Anthropic, PingsAreNotAWord) {
  std::vector<CannedServer::Piece> pieces{{kHead + chunked(message_start())}};
  for (int i = 0; i < 100; ++i) pieces.push_back({chunked(event({{"type", "ping"}})), 20ms});
  const auto told = with_patience(std::move(pieces), {.first_token = 150ms});
  ASSERT_TRUE(told.error);
  EXPECT_EQ(told.error->code, ErrorCode::deadline);
  EXPECT_TRUE(told.error->message.contains("no word")) << told.error->message;
}

TEST(Anthropic, ASilenceAfterAWordEndsIt) {
  std::vector<CannedServer::Piece> pieces{{kHead + chunked(message_start() + text("Be"))}};
  for (int i = 0; i < 100; ++i) pieces.push_back({chunked(event({{"type", "ping"}})), 20ms});
  const auto told = with_patience(std::move(pieces), {.between_tokens = 150ms});
  EXPECT_EQ(told.text, "Be");
  ASSERT_TRUE(told.error);
  EXPECT_EQ(told.error->code, ErrorCode::deadline);
}

TEST(Anthropic, ASlowReplyThatGoesOnIsWaitedForUntilTheTotal) {
  std::vector<CannedServer::Piece> pieces{{kHead + chunked(message_start())}};
  for (int i = 0; i < 10; ++i) pieces.push_back({chunked(text("a")), 40ms});
  pieces.push_back({chunked(message_end("end_turn")) + kEnd});
  const auto patient = with_patience(pieces, {.first_token = 5s, .between_tokens = 5s});
  EXPECT_FALSE(patient.error);
  EXPECT_EQ(patient.text, "aaaaaaaaaa");
  const auto cut = with_patience(pieces, {.first_token = 5s, .between_tokens = 5s, .total = 150ms});
  ASSERT_TRUE(cut.error);
  EXPECT_EQ(cut.error->code, ErrorCode::deadline);
  const auto silent = with_patience({{kHead, 5s}}, {.first_token = 50ms});
  ASSERT_TRUE(silent.error);
  EXPECT_EQ(silent.error->code, ErrorCode::deadline);
}

boost::asio::awaitable<void> stop_after_first(ChatModel& model, testing::Told& told) {
  auto stream = co_await model.start(question());
  if (!stream) co_return;
  const auto first = co_await (*stream)->next();
  if (!first || !*first) co_return;
  std::thread stopper([&] {
    std::this_thread::sleep_for(20ms);
    (*stream)->stop();
  });
  told = co_await testing::read_all(**stream);
  stopper.join();
  told.text = **first + told.text;
}

TEST(Anthropic, AStopEndsAReadThatIsUnderWay) {
  CannedServer server({{kHead + chunked(message_start() + text("Because"))}, {kEnd, 10s}});
  const auto model = model_at(server.address());
  boost::asio::io_context io;
  testing::Told told;
  boost::asio::co_spawn(io, stop_after_first(*model, told), boost::asio::detached);
  io.run();
  EXPECT_EQ(told.text, "Because");
  EXPECT_FALSE(told.error);
  EXPECT_EQ(told.generated.finish_reason, model::FinishReason::stopped_by_reader);
  EXPECT_EQ(told.generated.usage.prompt_tokens, 125);
  EXPECT_TRUE(told.generated.usage_estimated);
}

constexpr auto kFine = ErrorCode::internal;  // stands for no error

ErrorCode check_of(AnsweringServer::Answer answer) {
  AnsweringServer server(std::move(answer));
  const auto checked = run(model_at(server.address())->check());
  return checked ? kFine : checked.error().code;
}

TEST(Anthropic, CheckTellsWhetherItCouldAnswer) {
  const auto listed = testing::answer("200 OK", R"({"data": [{"id": "claude-3-haiku-20240307"}]})");
  const auto other = testing::answer("200 OK", R"({"data": [{"id": "claude-opus-5"}, 7]})");
  const auto missing = testing::answer("404 Not Found", R"({"error": {"message": "model"}})");
  const auto is_list = [](const std::string& request) { return request.starts_with("GET /v1/models?limit=1000 "); };
  const auto is_model = [](const std::string& request) { return request.starts_with("GET /v1/models/claude-3-haiku-20240307 "); };
  EXPECT_EQ(check_of([=](const std::string& request) { return is_list(request) ? listed : missing; }), kFine);
  EXPECT_EQ(check_of([=](const std::string& request) { return is_model(request) ? listed : other; }), kFine) << "an alias";
  EXPECT_EQ(check_of([=](const std::string& request) { return is_model(request) ? missing : other; }), ErrorCode::not_found);
  EXPECT_EQ(check_of([=](const std::string&) { return missing; }), kFine) << "a gateway without a list";
  EXPECT_EQ(check_of([](const std::string&) { return testing::answer("401 Unauthorized", "{}"); }), ErrorCode::forbidden);
  EXPECT_EQ(check_of([](const std::string&) { return testing::answer("500 Oops", "{}"); }), ErrorCode::unavailable);
}

TEST(Anthropic, LearnsHowManyBytesATokenIs) {
  CannedServer server(stream_of(message_start() + text("Yes.") + message_end("end_turn")));
  const auto model = model_at(server.address());
  auto request = question();
  request.messages[0].text = std::string(250, 'a');
  EXPECT_EQ(model->count_tokens(std::string(400, 'a')), 100);
  run(tell(*model, request));
  EXPECT_GT(model->count_tokens(std::string(400, 'a')), 150) << "268 bytes were 125 tokens";
}

TEST(Anthropic, WhatCannotBeAskedIsRefused) {
  EXPECT_EQ(AnthropicModel::create({.base_url = "api.anthropic.com"}).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(run(tell(*model_at("http://127.0.0.1:1"), {})).error->code, ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace gibsey::provider
