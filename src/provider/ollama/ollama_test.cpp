#include "provider/ollama/ollama_model.hpp"

#include "net/testing/canned_server.hpp"
#include "provider/ollama/chat_stream.hpp"
#include "provider/ollama/chat_template.hpp"
#include "provider/testing/answering_server.hpp"
#include "provider/testing/run.hpp"

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>
#include <boost/asio/detached.hpp>
#include <nlohmann/json.hpp>

#include <sstream>

namespace gibsey::provider {
namespace {

using namespace std::chrono_literals;
using net::testing::byte_by_byte;
using net::testing::CannedServer;
using net::testing::chunked;
using nlohmann::json;
using testing::AnsweringServer;
using testing::body_in;
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

std::string last_line_of(const json& counts) {
  json line = {{"message", {{"role", "assistant"}, {"content", ""}}}, {"done", true}, {"done_reason", "stop"}};
  line.update(counts);
  return line.dump() + "\n";
}

std::string thought(const std::string& text) {
  return json({{"message", {{"role", "assistant"}, {"content", ""}, {"thinking", text}}}, {"done", false}}).dump() + "\n";
}

std::string whole(const std::string& lines) {
  return kHead + chunked(lines) + kEnd;
}

UpstreamOptions options_at(const std::string& address) {
  return {.name = "ollama", .base_url = address, .model = "tiny:1b", .context_tokens = 6000};
}

std::unique_ptr<OllamaModel> model_at(const std::string& address) {
  auto model = OllamaModel::create(options_at(address + "/"));
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
  const auto lines = token("<thi") + token("nk>hm, caf\u00e9</think>\n\n") + token("Because ") + token("caf\u00e9") + token(".") +
                     last_line("stop");
  for (std::size_t cut = 1; cut < lines.size(); ++cut) {
    const auto told = answer_to({{kHead + chunked(lines.substr(0, cut))}, {chunked(lines.substr(cut)) + kEnd}});
    ASSERT_FALSE(told.error) << cut << told.error->message;
    ASSERT_EQ(told.text, "Because caf\u00e9.") << cut;
  }
  const auto told = answer_to(byte_by_byte(kHead + chunked(lines) + kEnd));
  ASSERT_FALSE(told.error) << told.error->message;
  EXPECT_EQ(told.text, "Because caf\u00e9.");
  EXPECT_EQ(told.generated.finish_reason, model::FinishReason::stop);
  EXPECT_EQ(told.generated.usage.prompt_tokens, 26);
  EXPECT_EQ(told.generated.usage.completion_tokens, 3);
  EXPECT_FALSE(told.generated.usage_estimated);
  EXPECT_FALSE(told.generated.prompt_was_cut);
  EXPECT_EQ(told.generated.reasoning_characters, 8);
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
  EXPECT_EQ(body["think"], false);
  EXPECT_EQ(body["messages"][1], json({{"role", "user"}, {"content", "Why did you climb?"}}));
  EXPECT_EQ(body["options"]["num_ctx"], 6000);
  EXPECT_EQ(body["options"]["num_predict"], 50);
  EXPECT_EQ(body["options"]["seed"], 5);
  EXPECT_EQ(body["options"]["stop"], json::array({"\nReader:"}));
}

TEST(Ollama, TheConfiguredBoundsWin) {
  CannedServer server({{whole(token("x") + last_line("stop"))}});
  auto options = options_at(server.address());
  options.temperature = 0.25;
  options.max_tokens = 30;
  options.api_key = "gate-key";
  run(tell(**OllamaModel::create(options), question()));
  const auto body = json::parse(body_in(server.request()));
  EXPECT_EQ(body["options"]["temperature"], 0.25);
  EXPECT_EQ(body["options"]["num_predict"], 30);
  EXPECT_TRUE(server.request().contains("Authorization: Bearer gate-key\r\n"));
}

/// A server whose model has this template.
std::string with_template(const std::string& chat_template, const std::string& request) {
  if (request.starts_with("POST /api/show ")) return testing::answer("200 OK", json({{"template", chat_template}}).dump());
  return whole(token(" up here.") + last_line("stop"));
}

TEST(Ollama, AnOpeningIsTheLastMessage) {
  AnsweringServer server([](const std::string& request) { return with_template("{{ .Prompt }}{{ .Response }}", request); });
  auto request = question();
  request.opening = "It is quiet";
  const auto model = model_at(server.address());
  EXPECT_TRUE(model->supports_opening());
  EXPECT_EQ(run(tell(*model, request)).text, " up here.");
  EXPECT_EQ(run(tell(*model, request)).text, " up here.");
  ASSERT_EQ(server.requests().size(), 3U) << "the template is asked for once";
  EXPECT_EQ(json::parse(body_in(server.requests()[0])), json({{"model", "tiny:1b"}}));
  EXPECT_EQ(json::parse(body_in(server.requests()[1]))["messages"].back(),
            json({{"role", "assistant"}, {"content", "It is quiet"}}));
}

TEST(Ollama, AnOpeningThatTheTemplateClosesIsNotSent) {
  AnsweringServer server([](const std::string& request) { return with_template("{{- range .Messages }}{{ end }}", request); });
  auto request = question();
  const auto model = model_at(server.address());
  EXPECT_EQ(run(tell(*model, request)).text, " up here.") << "nothing is asked of a reply that begins at its beginning";
  EXPECT_TRUE(model->supports_opening());
  request.opening = "It is quiet";
  for (int i = 0; i < 2; ++i) {
    const auto told = run(tell(*model, request));
    ASSERT_TRUE(told.error);
    EXPECT_EQ(told.error->code, ErrorCode::unavailable);
    EXPECT_TRUE(told.error->message.contains("tiny:1b")) << told.error->message;
    EXPECT_FALSE(model->supports_opening());
  }
  EXPECT_EQ(server.requests().size(), 2U);
}

TEST(Ollama, ATinyModelIsGivenItsOpeningAllTheSame) {
  AnsweringServer server([](const std::string& request) { return with_template("{{- range .Messages }}{{ end }}", request); });
  auto options = options_at(server.address());
  options.is_small = true;
  auto request = question();
  request.opening = "It is quiet";
  const auto model = *OllamaModel::create(options);
  EXPECT_EQ(run(tell(*model, request)).text, " up here.");
  EXPECT_TRUE(model->supports_opening());
}

TEST(Ollama, WhatLeavesAReplyOpen) {
  EXPECT_TRUE(leaves_reply_open(""));
  EXPECT_TRUE(leaves_reply_open("{{ if .System }}{{ .System }}{{ end }}[INST] {{ .Prompt }} [/INST] {{ .Response }}"));
  EXPECT_TRUE(leaves_reply_open("{{- range $i, $_ := .Messages }}{{ .Content }}{{ if not $last }}<|im_end|>{{ end }}{{ end }}"));
  EXPECT_TRUE(
      leaves_reply_open("{{ range $i, $m := .Messages }}{{ if not (eq (len (slice $.Messages $i)) 1) }}</s>{{ end }}{{ end }}"));
  EXPECT_FALSE(leaves_reply_open(
      "{{- range .Messages }}<|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>\n{{ end }}<|im_start|>assistant\n"));
}

TEST(Ollama, ThinkingIsNotShown) {
  CannedServer server({{whole(thought("h\u00e9m") + token("Yes.") + last_line("stop"))}});
  const auto model = model_at(server.address());
  const auto told = run(tell(*model, question()));
  EXPECT_EQ(told.text, "Yes.");
  EXPECT_EQ(told.generated.reasoning_characters, 3);
  EXPECT_EQ(json::parse(body_in(server.request()))["options"]["num_predict"], 50);
  run(tell(*model, question()));
  EXPECT_EQ(json::parse(body_in(server.request()))["options"]["num_predict"], 50 + 2048);
}

TEST(Ollama, AReplyOfThoughtsAloneIsAnError) {
  for (const auto& lines : {thought("hm"), token("<think>hm"), token("<think>hm</think>\n")}) {
    const auto told = answer_to({{whole(lines + last_line("length"))}});
    ASSERT_TRUE(told.error) << lines;
    EXPECT_EQ(told.error->code, ErrorCode::unavailable);
    EXPECT_TRUE(told.error->message.contains("thinking")) << told.error->message;
  }
}

TEST(Ollama, ATemplateThatOpensTheReasoningIsFoundOut) {
  AnsweringServer server([replies = 0](const std::string& request) mutable {
    if (request.starts_with("POST /api/show ")) return testing::answer("404 Not Found", "{}");
    ++replies;
    return whole((replies == 3 || replies == 4 ? token("No.") : token("hm</think>") + token("Yes.")) + last_line("stop"));
  });
  const auto model = model_at(server.address());
  EXPECT_EQ(run(tell(*model, question())).text, "hmYes.") << "nothing can be known before the tag";
  const auto second = run(tell(*model, question()));
  EXPECT_EQ(second.text, "Yes.");
  EXPECT_EQ(second.generated.reasoning_characters, 2);
  auto begun = question();
  begun.opening = "It is quiet.";
  EXPECT_EQ(run(tell(*model, begun)).text, "No.") << "no template opens it in the middle of a reply";
  EXPECT_EQ(run(tell(*model, question())).error->code, ErrorCode::unavailable) << "it was all taken for reasoning";
  EXPECT_EQ(run(tell(*model, question())).text, "hmYes.") << "and no more";
}

TEST(Ollama, AServerThatTakesNoWordAboutThinkingIsNotTold) {
  AnsweringServer server([](const std::string& request) {
    if (request.contains("\"think\""))
      return testing::answer("400 Bad Request", R"({"error": "\"tiny:1b\" does not support thinking"})");
    return whole(token("Yes.") + last_line("stop"));
  });
  const auto model = model_at(server.address());
  EXPECT_EQ(run(tell(*model, question())).text, "Yes.");
  EXPECT_EQ(run(tell(*model, question())).text, "Yes.");
  EXPECT_EQ(server.requests().size(), 3U);
}

TEST(Ollama, StopsBeforeAStopStringEvenIfTheServerDoesNot) {
  const auto told = answer_to({{kHead + chunked(token("Yes.\nRea") + token("der: and?") + last_line("stop")) + kEnd}});
  EXPECT_EQ(told.text, "Yes.");
  EXPECT_TRUE(told.generated.usage_estimated);
  EXPECT_EQ(told.generated.usage.completion_tokens, 2);
  EXPECT_GT(told.generated.usage.prompt_tokens, 5);
}

TEST(Ollama, AServerThatHasOnlyLoadedTheModelHasNotAnswered) {
  for (const std::string reason : {"load", "unload"}) {
    const auto told = answer_to({{whole(last_line(reason))}});
    ASSERT_TRUE(told.error);
    EXPECT_EQ(told.error->code, ErrorCode::unavailable);
    EXPECT_TRUE(told.error->message.contains(reason + "ed tiny:1b")) << told.error->message;
  }
}

TEST(Ollama, ACutPromptIsToldOnceInTheLog) {
  const auto log = std::make_shared<std::ostringstream>();
  auto& sinks = spdlog::default_logger()->sinks();
  sinks.push_back(std::make_shared<spdlog::sinks::ostream_sink_mt>(*log));
  CannedServer server({{whole(token("Yes.") + last_line_of({{"prompt_eval_count", 2048}, {"eval_count", 1}}))}});
  const auto model = model_at(server.address());
  auto request = question();
  request.messages[0].text = std::string(14'000, 'a');
  EXPECT_TRUE(run(tell(*model, request)).generated.prompt_was_cut);
  EXPECT_TRUE(run(tell(*model, request)).generated.prompt_was_cut);
  sinks.pop_back();
  const auto told = log->str();
  EXPECT_TRUE(told.contains("OLLAMA_CONTEXT_TOKENS")) << told;
  EXPECT_EQ(told.find("OLLAMA_CONTEXT_TOKENS"), told.rfind("OLLAMA_CONTEXT_TOKENS")) << told;
}

TEST(Ollama, ALowCountAloneIsNoProofOfACut) {
  struct Case {
    PromptCount count;
    bool cut;
  };
  for (const auto& [count, cut] : {
           Case{{.evaluated = 1000, .estimate = 1100, .context = 8192}, false},
           Case{{.evaluated = 37, .estimate = 3000, .context = 8192}, false},  // the rest was in its cache
           Case{{.evaluated = 2900, .estimate = 6000, .context = 8192}, false},
           Case{{.evaluated = 0, .estimate = 6000, .context = 8192}, false},
           Case{{.evaluated = 8192, .estimate = 7000, .context = 8192}, true},
           Case{{.evaluated = 8191, .estimate = 12000, .context = 8192}, true},
           Case{{.evaluated = 2048, .estimate = 3000, .context = 8192}, true},  // the model's own context
           Case{{.evaluated = 4095, .estimate = 6000, .context = 8192}, true},
           Case{{.evaluated = 2048, .estimate = 2300, .context = 8192}, false},  // as many tokens as there may well be
           Case{{.evaluated = 7000, .estimate = 12000, .context = 8192}, true},  // whole messages were left out
           Case{{.evaluated = 2018, .estimate = 1500, .context = 2048, .made = 120}, true},  // the reply went past the end
           Case{{.evaluated = 1928, .estimate = 1500, .context = 2048, .made = 120}, false},
           Case{{.evaluated = 37, .is_whole = true, .estimate = 3000, .context = 8192}, true},
           Case{{.evaluated = 2500, .is_whole = true, .estimate = 3000, .context = 8192}, false},
       }) {
    EXPECT_EQ(prompt_was_cut(count), cut) << count.evaluated << " of " << count.estimate;
  }
}

TEST(Ollama, LearnsHowManyBytesATokenIs) {
  const auto counted = [](const json& counts, const std::string& reply) {
    CannedServer server({{whole(token(reply) + last_line_of(counts))}});
    const auto model = model_at(server.address());
    auto request = question();
    request.messages[0].text = std::string(2'000, 'a');
    EXPECT_FALSE(run(tell(*model, request)).generated.prompt_was_cut);
    return model->count_tokens(std::string(400, 'a'));
  };
  EXPECT_EQ(counted({{"prompt_eval_count", 300}, {"eval_count", 1}}, "Yes."), 100) << "it may be the part that was in no cache";
  EXPECT_GT(counted({{"prompt_eval_count", 1000}, {"prompt_eval_cached_count", 0}, {"eval_count", 1}}, "Yes."), 190);
  EXPECT_EQ(counted({{"prompt_eval_count", 300}, {"eval_count", 200}}, std::string(400, 'b')), 200);
  // Both counted: 2,019 bytes of prompt and 400 of reply.
  EXPECT_EQ(counted({{"prompt_eval_count", 577}, {"eval_count", 83}}, std::string(400, 'b')), 115) << "the prompt is denser";
  EXPECT_EQ(counted({{"prompt_eval_count", 577}, {"eval_count", 200}}, std::string(400, 'b')), 200)
      << "much of it was in a cache";
  EXPECT_EQ(counted({{"prompt_eval_count", 577}, {"prompt_eval_cached_count", 0}, {"eval_count", 200}}, std::string(400, 'b')),
            115);
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
  EXPECT_EQ(told.error->code, ErrorCode::unavailable);
}

TEST(Ollama, ARefusalIsGivenInOllamasWords) {
  const auto missing =
      answer_to({{"HTTP/1.1 404 Not Found\r\nContent-Length: 37\r\n\r\n{\"error\":\"model 'tiny:1b' not found\"} "}});
  ASSERT_TRUE(missing.error);
  EXPECT_EQ(missing.error->code, ErrorCode::not_found);
  EXPECT_TRUE(missing.error->message.contains("model 'tiny:1b' not found")) << missing.error->message;
  EXPECT_TRUE(missing.error->message.contains("ollama pull tiny:1b")) << missing.error->message;
  const auto long_one =
      answer_to({{testing::answer("400 Bad Request", R"({"error": "the input length exceeds the context length"})")}});
  EXPECT_EQ(long_one.error->code, ErrorCode::too_large);
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

TEST(Ollama, PatienceIsCountedFromWordToWord) {
  std::vector<CannedServer::Piece> pieces{{kHead + chunked(token("")), 0ms}};
  for (int i = 0; i < 8; ++i) pieces.push_back({chunked(i % 2 == 0 ? token("a") : thought("b")), 40ms});
  pieces.push_back({chunked(last_line("stop")) + kEnd, 0ms});
  const auto with = [&pieces](Patience patience) {
    CannedServer server(pieces);
    auto options = options_at(server.address());
    options.patience = patience;
    return run(tell(**OllamaModel::create(options), question()));
  };
  const auto whole_reply = with({.first_token = 5s, .between_tokens = 5s});
  EXPECT_FALSE(whole_reply.error);
  EXPECT_EQ(whole_reply.text, "aaaa");
  EXPECT_EQ(with({.first_token = 5s, .between_tokens = 10ms}).error->code, ErrorCode::deadline);
  EXPECT_EQ(with({.first_token = 10ms, .between_tokens = 5s}).error->code, ErrorCode::deadline);
  EXPECT_EQ(with({.total = 150ms}).error->code, ErrorCode::deadline);
}

TEST(Ollama, CheckLooksForTheModel) {
  const auto check = [](const std::string& model, const std::string& answer) {
    CannedServer server({{answer}});
    auto options = options_at(server.address() + "/api/chat");
    options.model = model;
    auto checked = run((*OllamaModel::create(options))->check());
    EXPECT_TRUE(server.request().starts_with("GET /api/tags HTTP/1.1\r\n")) << server.request();
    return checked ? std::string("fine") : std::string(to_string(checked.error().code)) + " " + checked.error().message;
  };
  const auto tags = testing::answer(
      "200 OK", R"({"models": [{"name": "llama3:latest"}, 7, {"name": "hf.co/A/B:Q4_K_M"}, {"model": "tiny:1b"}]})");
  EXPECT_EQ(check("llama3", tags), "fine");
  EXPECT_EQ(check("llama3:latest", tags), "fine");
  EXPECT_EQ(check("tiny:1b", tags), "fine");
  EXPECT_EQ(check("hf.co/a/b:q4_k_m", tags), "fine");
  EXPECT_TRUE(check("llama3:8b", tags).starts_with("not_found")) << "another size";
  EXPECT_TRUE(check("tiny", tags).contains("`ollama pull tiny`"));
  EXPECT_TRUE(check("tiny", testing::answer("200 OK", "<html>")).starts_with("unavailable"));
  EXPECT_TRUE(check("tiny", testing::answer("500 Oops", "{}")).starts_with("unavailable"));
}

TEST(Ollama, AWholeEndpointIsAnAddressToo) {
  for (const std::string path : {"/api/chat", "/api/generate", "/api/chat/", "/", ""}) {
    CannedServer server({{whole(token("x") + last_line("stop"))}});
    run(tell(**OllamaModel::create(options_at(server.address() + path)), question()));
    EXPECT_TRUE(server.request().starts_with("POST /api/chat HTTP/1.1\r\n")) << path;
  }
  CannedServer server({{whole(token("x") + last_line("stop"))}});
  run(tell(**OllamaModel::create(options_at(server.address() + "/ollama/")), question()));
  EXPECT_TRUE(server.request().starts_with("POST /ollama/api/chat HTTP/1.1\r\n"));
}

TEST(Ollama, AnAddressThatCannotBeReadIsRefused) {
  EXPECT_EQ(OllamaModel::create({.base_url = "localhost:11434"}).error().code, ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace gibsey::provider
