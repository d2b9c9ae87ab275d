#include "provider/ollama/ollama_model.hpp"

#include "net/testing/canned_server.hpp"
#include "provider/testing/run.hpp"

#include <gtest/gtest.h>
#include <boost/asio/detached.hpp>
#include <nlohmann/json.hpp>

namespace gibsey::provider {
namespace {

using net::testing::byte_by_byte;
using net::testing::CannedServer;
using net::testing::chunked;
using nlohmann::json;
using testing::run;
using testing::tell;

const std::string kHead = "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n";
const std::string kEnd = "0\r\n\r\n";

std::string token(const std::string& text) {
  return json({{"model", "m"}, {"message", {{"role", "assistant"}, {"content", text}}}, {"done", false}}).dump() + "\n";
}

std::string last_line(const std::string& reason) {
  return json({{"message", {{"role", "assistant"}, {"content", ""}}},
               {"done", true},
               {"done_reason", reason},
               {"prompt_eval_count", 26},
               {"eval_count", 3}})
             .dump() +
         "\n";
}

std::unique_ptr<OllamaModel> model_at(const std::string& address) {
  auto model = OllamaModel::create({.base_url = address + "/", .model = "tiny:1b", .context_tokens = 6000});
  EXPECT_TRUE(model);
  return std::move(*model);
}

ChatRequest question() {
  ChatRequest request;
  request.messages = {{Role::system, "You keep the tower."}, {Role::user, "Why did you climb?"}};
  request.max_tokens = 50;
  request.sampling.seed = 5;
  request.stop = {"\nReader:"};
  return request;
}

testing::Told answer_to(std::vector<CannedServer::Piece> pieces) {
  CannedServer server(std::move(pieces));
  return run(tell(*model_at(server.address()), question()));
}

TEST(Ollama, TellsTheReplyWhateverTheCut) {
  const auto told = answer_to(
      byte_by_byte(kHead + chunked(token("Because ") + token("caf\u00e9")) + chunked(token(".") + last_line("stop")) + kEnd));
  ASSERT_FALSE(told.error) << told.error->message;
  EXPECT_EQ(told.text, "Because caf\u00e9.");
  EXPECT_EQ(told.generated.finish_reason, model::FinishReason::stop);
  EXPECT_EQ(told.generated.usage.prompt_tokens, 26);
  EXPECT_EQ(told.generated.usage.completion_tokens, 3);
}

TEST(Ollama, AsksForTheWholeContextAndTheSampling) {
  CannedServer server({{kHead + chunked(token("x") + last_line("length")) + kEnd}});
  const auto told = run(tell(*model_at(server.address()), question()));
  EXPECT_EQ(told.generated.finish_reason, model::FinishReason::length);
  const auto& sent = server.request();
  EXPECT_TRUE(sent.starts_with("POST /api/chat HTTP/1.1\r\n")) << sent;
  const auto body = json::parse(sent.substr(sent.find("\r\n\r\n") + 4));
  EXPECT_EQ(body["model"], "tiny:1b");
  EXPECT_EQ(body["stream"], true);
  EXPECT_EQ(body["messages"][1], json({{"role", "user"}, {"content", "Why did you climb?"}}));
  EXPECT_EQ(body["options"]["num_ctx"], 6000);
  EXPECT_EQ(body["options"]["num_predict"], 50);
  EXPECT_EQ(body["options"]["seed"], 5);
  EXPECT_EQ(body["options"]["stop"], json::array({"\nReader:"}));
}

TEST(Ollama, ThinkingIsNotShown) {
  const auto thinking =
      json({{"message", {{"role", "assistant"}, {"content", ""}, {"thinking", "hmm"}}}, {"done", false}}).dump() + "\n";
  EXPECT_EQ(answer_to({{kHead + chunked(thinking + token("Yes.") + last_line("stop")) + kEnd}}).text, "Yes.");
}

TEST(Ollama, StopsBeforeAStopStringEvenIfTheServerDoesNot) {
  const auto told = answer_to({{kHead + chunked(token("Yes.\nRea") + token("der: and?") + last_line("stop")) + kEnd}});
  EXPECT_EQ(told.text, "Yes.");
}

TEST(Ollama, ALastLineWithoutABreakCounts) {
  auto last = last_line("stop");
  last.pop_back();
  const auto told = answer_to({{kHead + chunked(token("Yes.") + last) + kEnd}});
  EXPECT_FALSE(told.error);
  EXPECT_EQ(told.generated.usage.completion_tokens, 3);
}

TEST(Ollama, AnErrorInTheStreamEndsTheReply) {
  const auto told = answer_to({{kHead + chunked(token("Be") + "{\"error\":\"out of memory\"}\n") + kEnd}});
  EXPECT_EQ(told.text, "Be");
  ASSERT_TRUE(told.error);
  EXPECT_EQ(told.error->code, ErrorCode::unavailable);
  EXPECT_TRUE(told.error->message.contains("out of memory"));
}

TEST(Ollama, AServerThatDiesHalfWayIsAnError) {
  for (const auto& rest : {kEnd, std::string()}) {
    const auto told = answer_to({{kHead + chunked(token("Be") + token("cause")) + rest}});
    EXPECT_EQ(told.text, "Because");
    ASSERT_TRUE(told.error);
    EXPECT_EQ(told.error->code, ErrorCode::unavailable);
  }
}

TEST(Ollama, GarbageIsAnErrorAndNothingWorse) {
  for (const std::string line :
       {"<html>", "[1]", "\xFF\xFE", "{\"message\":\"text\"}", "{\"done\":\"yes\",\"message\":{\"content\":7}}",
        "{\"done\":true,\"eval_count\":\"many\",\"done_reason\":{}}"}) {
    const auto told = answer_to({{kHead + chunked(line + "\n") + kEnd}});
    EXPECT_EQ(told.text, "") << line;
    EXPECT_TRUE(told.error || line.contains("true")) << line;
  }
}

TEST(Ollama, ALineWithoutEndIsAnError) {
  const auto told = answer_to({{kHead + chunked("{\"message\":\"" + std::string(2'000'000, 'a')) + kEnd}});
  ASSERT_TRUE(told.error);
  EXPECT_EQ(told.error->code, ErrorCode::too_large);
}

TEST(Ollama, ARefusalIsGivenInOllamasWords) {
  const auto missing =
      answer_to({{"HTTP/1.1 404 Not Found\r\nContent-Length: 37\r\n\r\n{\"error\":\"model 'tiny:1b' not found\"} "}});
  ASSERT_TRUE(missing.error);
  EXPECT_EQ(missing.error->code, ErrorCode::unavailable);
  EXPECT_TRUE(missing.error->message.contains("model 'tiny:1b' not found")) << missing.error->message;
  const auto full = answer_to({{"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nfull"}});
  EXPECT_EQ(full.error->code, ErrorCode::busy);
}

TEST(Ollama, AnAddressThatNobodyListensToIsNamed) {
  std::string address;
  {
    address = CannedServer({}).address();
  }
  const auto told = run(tell(*model_at(address), question()));
  ASSERT_TRUE(told.error);
  EXPECT_EQ(told.error->code, ErrorCode::unavailable);
  EXPECT_TRUE(told.error->message.contains(address.substr(7))) << told.error->message;
}

TEST(Ollama, TheDeadlineEndsAStalledReply) {
  CannedServer server({{kHead + chunked(token("Be"))}, {kEnd, std::chrono::milliseconds(10'000)}});
  auto request = question();
  request.deadline = Deadline::after(std::chrono::milliseconds(100));
  const auto told = run(tell(*model_at(server.address()), request));
  EXPECT_EQ(told.text, "Be");
  ASSERT_TRUE(told.error);
  EXPECT_EQ(told.error->code, ErrorCode::deadline);
}

boost::asio::awaitable<void> stop_after_first(ChatModel& model, testing::Told& told) {
  auto stream = co_await model.start(question());
  if (!stream) co_return;
  const auto first = co_await (*stream)->next();
  if (!first || !*first) co_return;
  std::thread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    (*stream)->stop();
  });
  told = co_await testing::read_all(**stream);
  stopper.join();
  told.text = **first + told.text;
}

TEST(Ollama, AStopEndsAReadThatIsUnderWay) {
  CannedServer server({{kHead + chunked(token("Be"))}, {kEnd, std::chrono::milliseconds(10'000)}});
  const auto model = model_at(server.address());
  boost::asio::io_context io;
  testing::Told told;
  boost::asio::co_spawn(io, stop_after_first(*model, told), boost::asio::detached);
  io.run();
  EXPECT_EQ(told.text, "Be");
  EXPECT_FALSE(told.error);
  EXPECT_EQ(told.generated.finish_reason, model::FinishReason::stopped_by_reader);
}

TEST(Ollama, AnAddressThatCannotBeReadIsRefused) {
  EXPECT_EQ(OllamaModel::create({.base_url = "localhost:11434"}).error().code, ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace gibsey::provider
