#include "net/testing/canned_server.hpp"
#include "provider/openai/chat_body.hpp"
#include "provider/openai/openai_model.hpp"
#include "provider/openai/testing/model_server.hpp"
#include "provider/testing/run.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <boost/asio/detached.hpp>
#include <nlohmann/json.hpp>

namespace gibsey::provider {
namespace {

using net::testing::byte_by_byte;
using net::testing::CannedServer;
using net::testing::chunked;
using nlohmann::json;
using std::chrono::milliseconds;
using testing::answer_of;
using testing::ModelServer;
using testing::run;
using testing::tell;
using Clock = std::chrono::steady_clock;

const std::string kHead = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
const std::string kEnd = "0\r\n\r\n";
const std::string kKey = "sk-test-Abcdefghijklmnop0123456789";
const std::string kStop = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const std::string kUsage = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":26,\"completion_tokens\":3}}\n\n";
const std::string kDone = "data: [DONE]\n\n";

std::string token(const std::string& text) {
  return "data: " + json({{"choices", {{{"index", 0}, {"delta", {{"content", text}}}}}}}).dump() + "\n\n";
}

UpstreamOptions options_for(const std::string& address) {
  return {.name = "openai", .base_url = address, .api_key = kKey, .model = "tiny-1", .context_tokens = 6000};
}

std::unique_ptr<OpenAiModel> model_with(UpstreamOptions options) {
  auto model = OpenAiModel::create(std::move(options));
  EXPECT_TRUE(model);
  return std::move(*model);
}

ChatRequest question() {
  ChatRequest request;
  request.messages = {{Role::system, "You keep the tower."}, {Role::user, "Why did you climb?"}};
  request.max_tokens = 50;
  request.stop = {"\nReader:"};
  return request;
}

testing::Told answer_to(std::vector<CannedServer::Piece> pieces) {
  CannedServer server(std::move(pieces));
  return run(tell(*model_with(options_for(server.address())), question()));
}

json body_of(const std::string& request) {
  return json::parse(request.substr(request.find("\r\n\r\n") + 4));
}

Result<void> checked(const UpstreamOptions& options) {
  return run(model_with(options)->check());
}

TEST(OpenAi, TellsTheReplyWhateverTheCut) {
  const auto told = answer_to(byte_by_byte(kHead + chunked(": hi\n\n" + token("Because ") + token("<think>hm</think>caf\u00e9")) +
                                           chunked(token(".") + kStop + kUsage + kDone) + kEnd));
  ASSERT_FALSE(told.error) << told.error->message;
  EXPECT_EQ(told.text, "Because caf\u00e9.");
  EXPECT_EQ(told.generated.finish_reason, model::FinishReason::stop);
  EXPECT_EQ(told.generated.usage.prompt_tokens, 26);
  EXPECT_EQ(told.generated.usage.completion_tokens, 3);
  EXPECT_FALSE(told.generated.usage_estimated);
  EXPECT_EQ(told.generated.reasoning_characters, 2);
}

TEST(OpenAi, AsksAtTheAddressOfEveryKindOfBase) {
  const std::pair<const char*, const char*> cases[] = {{"", "/v1/chat/completions"},
                                                       {"/", "/v1/chat/completions"},
                                                       {"/v1", "/v1/chat/completions"},
                                                       {"/v1/", "/v1/chat/completions"},
                                                       {"/api/v1", "/api/v1/chat/completions"},
                                                       {"/v1beta/openai/", "/v1beta/openai/chat/completions"},
                                                       {"/v1/chat/completions", "/v1/chat/completions"},
                                                       {"/x?api-version=2", "/x/chat/completions?api-version=2"}};
  for (const auto& [path, expected] : cases) {
    CannedServer server({{kHead + chunked(token("x") + kDone) + kEnd}});
    EXPECT_EQ(run(tell(*model_with(options_for(server.address() + path)), question())).text, "x");
    EXPECT_TRUE(server.request().starts_with(fmt::format("POST {} HTTP/1.1\r\n", expected))) << server.request();
    EXPECT_TRUE(server.request().contains("\r\nAuthorization: Bearer " + kKey + "\r\n"));
  }
  EXPECT_EQ(OpenAiModel::create(options_for("localhost:8080")).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(OpenAiModel::create(options_for("http://me:secret@host/v1")).error().code, ErrorCode::invalid_argument);
}

TEST(OpenAi, WithoutAKeyNoneIsSentAndALineBreakInOneIsDropped) {
  CannedServer server({{kHead + chunked(token("x") + kDone) + kEnd}});
  auto options = options_for(server.address());
  options.api_key = "";
  run(tell(*model_with(options), question()));
  EXPECT_FALSE(server.request().contains("Authorization"));
  options.api_key = "abc\r\n";
  run(tell(*model_with(options), question()));
  EXPECT_TRUE(server.request().contains("\r\nAuthorization: Bearer abc\r\n"));
}

TEST(OpenAi, UsageThatDoesNotComeIsEstimatedAndWhatComesIsLearned) {
  const auto guessed = answer_to({{kHead + chunked(token("Because.") + kStop + kDone) + kEnd}});
  EXPECT_TRUE(guessed.generated.usage_estimated);
  EXPECT_EQ(guessed.generated.usage.prompt_tokens, 10);  // 37 bytes
  EXPECT_EQ(guessed.generated.usage.completion_tokens, 2);
  CannedServer server({{kHead + chunked(token("x") + kStop + "data: {\"usage\":{\"prompt_tokens\":300}}\n\n" + kDone) + kEnd}});
  const auto model = model_with(options_for(server.address()));
  auto request = question();
  request.messages = {{Role::user, std::string(600, 'a')}};
  EXPECT_FALSE(run(tell(*model, request)).generated.prompt_was_cut);
  EXPECT_EQ(model->count_tokens(std::string(100, 'a')), 50);
  request.messages = {{Role::user, std::string(6000, 'a')}};
  EXPECT_TRUE(run(tell(*model, request)).generated.prompt_was_cut);
  EXPECT_EQ(model->count_tokens(std::string(100, 'a')), 50);
}

TEST(OpenAi, ACountThatFillsAContextTellsOfACut) {
  struct {
    int counted;
    std::size_t bytes;  // four a token
    bool cut;
  } const cases[] = {{2048, 11'000, true}, {2013, 11'000, true},  {4096, 24'000, true},  {2048, 8'800, false},
                     {2048, 9'800, false}, {2049, 11'000, false}, {2300, 11'000, false}, {1500, 10'200, true},
                     {900, 4'200, false},  {0, 11'000, false}};
  for (const auto& [counted, bytes, cut] : cases) {
    const auto usage = json({{"usage", {{"prompt_tokens", counted}, {"completion_tokens", 1}}}}).dump();
    CannedServer server({{kHead + chunked(token("x") + kStop + "data: " + usage + "\n\n" + kDone) + kEnd}});
    const auto model = model_with(options_for(server.address()));
    auto request = question();
    request.messages = {{Role::user, std::string(bytes, 'a')}};
    EXPECT_EQ(run(tell(*model, request)).generated.prompt_was_cut, cut) << counted << " of " << bytes;
    const double bytes_per_token = 1000.0 / model->count_tokens(std::string(1000, 'a'));
    EXPECT_NEAR(bytes_per_token, cut || counted == 0 ? 4.0 : static_cast<double>(bytes) / counted, 0.1);
  }
}

TEST(OpenAi, WhatAModelRefusesIsLeftOutAndRemembered) {
  ModelServer server([](const std::string& request) {
    const auto body = body_of(request);
    const auto refuse = [](const std::string& name) {
      const auto words = fmt::format("Unsupported parameter: '{}' is not supported with this model.", name);
      return ModelServer::Answer{answer_of(400, json({{"error", {{"message", words}, {"param", name}}}}).dump())};
    };
    for (const auto* name : {"max_tokens", "temperature", "stream_options"}) {
      if (body.contains(name)) return refuse(name);
    }
    return ModelServer::Answer{kHead + chunked(token("Yes.") + kStop + kDone) + kEnd};
  });
  const auto model = model_with(options_for(server.address()));
  for (int turn = 0; turn < 2; ++turn) {
    const auto told = run(tell(*model, question()));
    ASSERT_FALSE(told.error) << told.error->message;
    EXPECT_EQ(told.text, "Yes.");
  }
  ASSERT_EQ(server.requests().size(), 5U);
  const auto last = body_of(server.requests().back());
  EXPECT_EQ(last["max_completion_tokens"], 50 + kRoomToThink);
  EXPECT_EQ(last["top_p"], 0.9);
}

TEST(OpenAi, AServerThatRefusesEverythingIsAskedNoMoreThanThereAreParameters) {
  ModelServer server([](const std::string& request) {
    const auto body = body_of(request);
    std::string names;
    for (const auto& [name, value] : body.items()) names += name + " ";
    return ModelServer::Answer{answer_of(400, "unsupported: " + names)};
  });
  const auto told = run(tell(*model_with(options_for(server.address())), question()));
  ASSERT_TRUE(told.error);
  EXPECT_EQ(told.error->code, ErrorCode::unavailable);
  EXPECT_EQ(server.requests().size(), 7U);
}

TEST(OpenAi, AModelThatThinksIsGivenRoomForItAndHeldToTheBoundAllTheSame) {
  ModelServer server([](const std::string& request) {
    if (body_of(request)["max_tokens"] == 50) {
      const std::string thoughts = "data: {\"choices\":[{\"delta\":{\"reasoning\":\"hm\"},\"finish_reason\":\"length\"}]}\n\n";
      return ModelServer::Answer{kHead + chunked(thoughts + kDone) + kEnd};
    }
    std::string reply;
    for (int i = 0; i < 200; ++i) reply += token("word ");
    return ModelServer::Answer{kHead + chunked(reply + kStop + kDone) + kEnd};
  });
  const auto model = model_with(options_for(server.address()));
  const auto first = run(tell(*model, question()));
  ASSERT_TRUE(first.error);
  EXPECT_EQ(first.error->code, ErrorCode::unavailable);
  EXPECT_TRUE(first.error->message.contains("reasoning")) << first.error->message;
  const auto second = run(tell(*model, question()));
  EXPECT_FALSE(second.error);
  EXPECT_EQ(second.text.size(), 200U);  // 50 tokens of four bytes
  EXPECT_EQ(second.generated.finish_reason, model::FinishReason::length);
}

TEST(OpenAi, ReasoningThatBeginsInThePromptIsKnownFromTheSecondReplyOn) {
  CannedServer server({{kHead + chunked(token("First so. ") + token("</think>\n\nYes.") + kStop + kDone) + kEnd}});
  const auto model = model_with(options_for(server.address()));
  EXPECT_TRUE(run(tell(*model, question())).error);
  const auto second = run(tell(*model, question()));
  EXPECT_FALSE(second.error);
  EXPECT_EQ(second.text, "Yes.");
  EXPECT_EQ(second.generated.reasoning_characters, 10);
}

struct Refusal {
  int status;
  std::string body;
  ErrorCode code;
  std::string words;
  std::string fields = {};
  std::optional<milliseconds> retry_after = std::nullopt;
};

TEST(OpenAi, RefusalsAreGivenInTheServersWords) {
  using enum ErrorCode;
  const auto error = [](const std::string& message, const std::string& code) {
    return json({{"error", {{"message", message}, {"code", code}}}}).dump();
  };
  const Refusal cases[] = {
      {401, error("Incorrect API key provided: " + kKey, "invalid_api_key"), forbidden, "refuses the key"},
      {401, error("Incorrect API key: sk-te***********6789.", "x"), forbidden, "Incorrect API key: ***"},
      {403, "not from here", forbidden, "not from here"},
      {400, "[{\"error\":{\"message\":\"API key not valid\"}}]", forbidden, "API key not valid"},
      {402, error("no credit", "402"), forbidden, "no credit"},
      {404, error("The model does not exist", "model_not_found"), not_found, "has no model 'tiny-1'"},
      {400, error("model 'tiny-1' not found", "400"), not_found, "has no model 'tiny-1'"},
      {400, error("This model's maximum context length is 4096 tokens", "context_length_exceeded"), too_large, "4096"},
      {400, R"({"object":"error","message":"maximum context length is 2048 tokens","code":400})", too_large, "2048"},
      {413, "", too_large, "413"},
      {400, error("bad", "x"), unavailable, "(400): bad"},
      {422, R"({"detail":[{"msg":"field required"}]})", unavailable, "field required"},
      {429, error("slow down", "rate_limit_exceeded"), busy, "slow down", "Retry-After: 7\r\n", milliseconds(7000)},
      {429, "", busy, "is busy", "retry-after-ms: 250.5\r\nRetry-After: 7\r\n", milliseconds(250)},
      {429, "", busy, "is busy", "Retry-After: Wed, 21 Oct 2015 07:28:00 GMT\r\n", milliseconds(0)},
      {429, "", busy, "is busy", "Retry-After: soon\r\n"},
      {429, error("You exceeded your current quota", "insufficient_quota"), forbidden, "quota"},
      {503, "loading", busy, "loading", "Retry-After: 2\r\n", milliseconds(2000)},
      {529, "overloaded", busy, "overloaded"},
      {500, "<html>" + std::string(5000, 'x'), unavailable, "<html>"},
      {502, std::string("\xFF\n\0z", 4), unavailable, "z"},
      {301, "", unavailable, "301"},
  };
  for (const auto& refusal : cases) {
    const auto told = answer_to({{answer_of(refusal.status, refusal.body, refusal.fields)}});
    ASSERT_TRUE(told.error) << refusal.status;
    const auto& message = told.error->message;
    EXPECT_EQ(told.error->code, refusal.code) << message;
    EXPECT_TRUE(message.contains(refusal.words)) << message;
    EXPECT_TRUE(message.contains("openai at http://127.0.0.1")) << message;
    EXPECT_FALSE(message.contains(kKey.substr(0, 8)) || message.contains(kKey.substr(kKey.size() - 8))) << message;
    EXPECT_LT(message.size(), 300U);
    EXPECT_EQ(told.error->retry_after, refusal.retry_after) << message;
  }
}

TEST(OpenAi, TheKeyIsMaskedInAnErrorOfTheStreamToo) {
  const auto error = "data: {\"error\":{\"message\":\"key " + kKey.substr(0, 20) + " ...\"}}\n\n";
  const auto told = answer_to({{kHead + chunked(token("Be") + error) + kEnd}});
  EXPECT_EQ(told.text, "Be");
  ASSERT_TRUE(told.error);
  EXPECT_TRUE(told.error->message.contains("it says: key *** ...")) << told.error->message;
}

TEST(OpenAi, AServerThatDiesHalfWayIsAnError) {
  for (const auto& rest : {kEnd, std::string()}) {
    const auto told = answer_to({{kHead + chunked(token("Be") + token("cause")) + rest}});
    EXPECT_EQ(told.text, "Because");
    ASSERT_TRUE(told.error);
    EXPECT_EQ(told.error->code, ErrorCode::unavailable);
  }
}

TEST(OpenAi, AConnectionThatBreaksOrStaysAfterTheEndDoesNotMatter) {
  EXPECT_FALSE(answer_to({{kHead + chunked(token("Yes.") + kStop)}}).error);
  ModelServer server([](const std::string&) { return ModelServer::Answer{kHead + chunked(token("Yes.") + kStop), true}; });
  const auto begun = Clock::now();
  const auto told = run(tell(*model_with(options_for(server.address())), question()));
  EXPECT_FALSE(told.error);
  EXPECT_EQ(told.text, "Yes.");
  EXPECT_LT(Clock::now() - begun, std::chrono::seconds(5));
  EXPECT_TRUE(server.was_left_within(milliseconds(5000)));
}

TEST(OpenAi, AnAddressThatNobodyListensToIsNamed) {
  std::string address;
  {
    address = CannedServer({}).address();
  }
  const auto told = run(tell(*model_with(options_for(address)), question()));
  ASSERT_TRUE(told.error);
  EXPECT_EQ(told.error->code, ErrorCode::unavailable);
  EXPECT_TRUE(told.error->message.contains(address)) << told.error->message;
}

struct Stall {
  const char* what;
  std::string bytes;
  std::string text;
  Patience patience;
  milliseconds deadline{60'000};
};

TEST(OpenAi, EveryStallEndsInTime) {
  const milliseconds little{80};
  const auto thought = "data: {\"choices\":[{\"delta\":{\"reasoning\":\"hm\"}}]}\n\n";
  const auto role = "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n";
  const Stall cases[] = {
      {"no head", "", "", {.first_token = little}},
      {"no text", kHead + chunked(role), "", {.first_token = little}},
      {"text and no more", kHead + chunked(token("Be")), "Be", {.between_tokens = little}},
      {"thoughts and no more", kHead + chunked(thought), "", {.between_tokens = little}},
      {"the whole of it", kHead + chunked(token("Be")), "Be", {.total = little}},
      {"the turn's deadline", kHead + chunked(token("Be")), "Be", {}, little},
      {"the turn's deadline before the head", "", "", {}, little},
  };
  for (const auto& stall : cases) {
    ModelServer server([&](const std::string&) { return ModelServer::Answer{stall.bytes, true}; });
    auto options = options_for(server.address());
    options.patience = stall.patience;
    auto request = question();
    request.deadline = Deadline::after(stall.deadline);
    const auto begun = Clock::now();
    const auto model = model_with(options);
    const auto told = run(tell(*model, request));
    EXPECT_LT(Clock::now() - begun, std::chrono::seconds(10)) << stall.what;
    EXPECT_EQ(told.text, stall.text) << stall.what;
    ASSERT_TRUE(told.error) << stall.what;
    EXPECT_EQ(told.error->code, ErrorCode::deadline) << stall.what << ": " << told.error->message;
    EXPECT_TRUE(server.was_left_within(milliseconds(5000))) << stall.what;
  }
}

TEST(OpenAi, CommentsAloneAreNoSignOfLife) {
  std::vector<CannedServer::Piece> pieces{{kHead}};
  for (int i = 0; i < 200; ++i) pieces.push_back({chunked(": still here\n\n"), milliseconds(20)});
  CannedServer server(std::move(pieces));
  auto options = options_for(server.address());
  options.patience.first_token = milliseconds(150);
  const auto told = run(tell(*model_with(options), question()));
  ASSERT_TRUE(told.error);
  EXPECT_EQ(told.error->code, ErrorCode::deadline) << told.error->message;
}

struct Stopped {
  testing::Told told;
  Clock::duration after{};
};

/// After the first piece, where one is to come.
boost::asio::awaitable<Stopped> stop_soon(ChatModel& model, milliseconds time, bool after_first = false) {
  auto stream = co_await model.start(question());
  std::string first;
  if (after_first) first = (co_await (*stream)->next()).value_or("").value_or("");
  Clock::time_point asked;
  std::thread stopper([&] {
    std::this_thread::sleep_for(time);
    asked = Clock::now();
    (*stream)->stop();
  });
  Stopped stopped{.told = co_await testing::read_all(**stream)};
  const auto ended = Clock::now();
  stopper.join();
  stopped.after = ended - asked;
  stopped.told.text.insert(0, first);
  co_return stopped;
}

/// Before the head the connection stays until the server's time is up.
TEST(OpenAi, AStopEndsTheReplyAtOnceBeforeTheHeadAndAfterIt) {
  for (const auto& bytes : {std::string(), kHead + chunked(": hi\n\n"), kHead + chunked(token("Be"))}) {
    ModelServer server([&](const std::string&) { return ModelServer::Answer{bytes, true}; });
    auto options = options_for(server.address());
    options.patience.first_token = milliseconds(2000);
    const auto model = model_with(options);
    const auto stopped = run(stop_soon(*model, milliseconds(60), bytes.contains("Be")));
    EXPECT_FALSE(stopped.told.error) << stopped.told.error->message;
    EXPECT_EQ(stopped.told.text, bytes.contains("Be") ? "Be" : "");
    EXPECT_EQ(stopped.told.generated.finish_reason, model::FinishReason::stopped_by_reader);
    EXPECT_TRUE(stopped.told.generated.usage_estimated);
    EXPECT_LT(stopped.after, milliseconds(1500));
    EXPECT_TRUE(server.was_left_within(milliseconds(5000)));
  }
}

TEST(OpenAi, AStopBeforeTheFirstReadSendsNothing) {
  ModelServer server([&](const std::string&) { return ModelServer::Answer{kHead + chunked(token("Be") + kDone) + kEnd}; });
  const auto model = model_with(options_for(server.address()));
  const auto stream = run(model->start(question()));
  ASSERT_TRUE(stream);
  (*stream)->stop();
  const auto told = run(testing::read_all(**stream));
  EXPECT_EQ(told.text, "");
  EXPECT_FALSE(told.error);
  EXPECT_TRUE(server.requests().empty());
}

TEST(OpenAi, StopsThatRaceWithTheReplyLeaveNothingBehind) {
  std::string reply;
  for (int i = 0; i < 50; ++i) reply += token("word ");
  ModelServer server([&](const std::string&) { return ModelServer::Answer{kHead + chunked(reply + kStop + kDone) + kEnd}; });
  const auto model = model_with(options_for(server.address()));
  for (int i = 0; i < 60; ++i) {
    const auto stopped = run(stop_soon(*model, milliseconds(i % 6)));
    EXPECT_FALSE(stopped.told.error) << stopped.told.error->message;
    EXPECT_EQ(stopped.told.text.size() % 5, 0U);
  }
}

TEST(OpenAi, AStreamThatIsDroppedClosesItsConnectionAndMayOutliveTheModel) {
  ModelServer server([&](const std::string&) { return ModelServer::Answer{kHead + chunked(token("Be")), true}; });
  boost::asio::io_context io;
  auto model = model_with(options_for(server.address()));
  std::unique_ptr<TokenStream> stream;
  {
    auto started = run(model->start(question()));
    ASSERT_TRUE(started);
    stream = std::move(*started);
  }
  model.reset();
  boost::asio::co_spawn(io, stream->next(), [](std::exception_ptr, Result<std::optional<std::string>> piece) {
    ASSERT_TRUE(piece);
    EXPECT_EQ(*piece, "Be");
  });
  io.run();
  stream.reset();
  io.restart();
  io.run();
  EXPECT_TRUE(server.was_left_within(milliseconds(5000)));
}

TEST(OpenAi, CheckTellsWhetherItCouldAnswer) {
  const std::pair<int, std::optional<ErrorCode>> cases[] = {{200, std::nullopt},           {404, std::nullopt},
                                                            {405, std::nullopt},           {401, ErrorCode::forbidden},
                                                            {500, ErrorCode::unavailable}, {503, ErrorCode::busy}};
  for (const auto& [status, code] : cases) {
    ModelServer server([&](const std::string&) { return ModelServer::Answer{answer_of(status, "{}")}; });
    const auto outcome = checked(options_for(server.address()));
    EXPECT_EQ(outcome.has_value(), !code) << status;
    if (code) EXPECT_EQ(outcome.error().code, *code) << outcome.error().message;
    ASSERT_EQ(server.requests().size(), 1U);
    EXPECT_TRUE(server.requests()[0].starts_with("GET /v1/models HTTP/1.1\r\n")) << server.requests()[0];
    EXPECT_TRUE(server.requests()[0].contains("Bearer " + kKey));
  }
  EXPECT_EQ(checked(options_for("http://127.0.0.1:1")).error().code, ErrorCode::unavailable);
}

TEST(OpenAi, ARequestWithoutAMessageIsRefused) {
  EXPECT_EQ(run(tell(*model_with(options_for("http://127.0.0.1:1")), {})).error->code, ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace gibsey::provider
