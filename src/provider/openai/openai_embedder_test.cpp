#include "provider/openai/openai_embedder.hpp"
#include "provider/openai/testing/model_server.hpp"
#include "provider/testing/run.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace gibsey::provider {
namespace {

using nlohmann::json;
using testing::answer_of;
using testing::ModelServer;
using testing::run;

json inputs_of(const std::string& request) {
  return json::parse(request.substr(request.find("\r\n\r\n") + 4))["input"];
}

/// A vector that tells the length of its text.
json entry(std::size_t index, std::size_t length) {
  return {{"index", index}, {"embedding", {3.0 * static_cast<double>(length), 4.0 * static_cast<double>(length), 0, 0}}};
}

ModelServer::Answer embedded(const std::string& request) {
  json entries = json::array();
  const auto inputs = inputs_of(request);
  for (std::size_t i = inputs.size(); i-- > 0;) entries.push_back(entry(i, inputs[i].get<std::string>().size()));
  return {answer_of(200, json({{"data", entries}}).dump())};
}

std::unique_ptr<OpenAiEmbedder> embedder_at(const std::string& address, EmbeddingOptions options) {
  auto embedder = OpenAiEmbedder::create(
      {.name = "embeddings", .base_url = address, .api_key = "sk-secret-secret", .model = "nomic-embed-text-v1.5"},
      std::move(options));
  EXPECT_TRUE(embedder);
  return std::move(*embedder);
}

TEST(OpenAiEmbedder, EmbedsInBatchesInOrderAtUnitLength) {
  ModelServer server(embedded);
  const auto embedder = embedder_at(server.address(), {.dimension = 4, .batch = 2});
  const auto vectors = run(embedder->embed_questions({"one", "three", "", "\xFFx", "five"}));
  ASSERT_TRUE(vectors) << vectors.error().message;
  ASSERT_EQ(vectors->size(), 5U);
  for (const auto& vector : *vectors) {
    EXPECT_FLOAT_EQ(vector[0], 0.6F);
    EXPECT_FLOAT_EQ(vector[1], 0.8F);
  }
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 3U);
  EXPECT_TRUE(requests[0].starts_with("POST /v1/embeddings HTTP/1.1\r\n"));
  EXPECT_TRUE(requests[0].contains("Authorization: Bearer sk-secret-secret"));
  EXPECT_EQ(inputs_of(requests[0]), json::array({"search_query: one", "search_query: three"}));
  EXPECT_EQ(inputs_of(requests[1]), json::array({"search_query: ", "search_query: \uFFFDx"}));
  EXPECT_TRUE(run(embedder->embed({}))->empty());
}

TEST(OpenAiEmbedder, TheAnswersOrderIsItsNumbers) {
  ModelServer server([](const std::string&) {
    return ModelServer::Answer{answer_of(200, R"({"data":[{"index":1,"embedding":[0,1]},{"index":0,"embedding":[1,0]}]})")};
  });
  const auto vectors = run(embedder_at(server.address(), {.dimension = 2})->embed({"a", "b"}));
  ASSERT_TRUE(vectors);
  EXPECT_EQ((*vectors)[0], (std::vector<float>{1, 0}));
}

TEST(OpenAiEmbedder, LongTextsAreCutAndFurtherWhereTheServerWantsIt) {
  ModelServer server([](const std::string& request) {
    if (inputs_of(request)[0].get<std::string>().size() <= 400) return embedded(request);
    return ModelServer::Answer{answer_of(400, R"({"error":{"message":"maximum context length is 100 tokens"}})")};
  });
  const auto embedder = embedder_at(server.address(), {.dimension = 4, .text_bytes = 1001});
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "\u00e9";
  ASSERT_TRUE(run(embedder->embed({text})));
  std::vector<std::size_t> sizes;
  for (const auto& request : server.requests()) sizes.push_back(inputs_of(request)[0].get<std::string>().size());
  EXPECT_EQ(sizes, (std::vector<std::size_t>{1017, 517, 267})) << "and 17 bytes of prefix";
}

TEST(OpenAiEmbedder, AnswersThatAreNoneAreErrors) {
  struct Case {
    int status;
    const char* body;
    ErrorCode code;
    const char* words;
  };
  const Case cases[] = {
      {200, "", ErrorCode::unavailable, "1 vectors"},
      {200, R"({"data":[]})", ErrorCode::unavailable, "1 vectors"},
      {200, R"({"data":[{"embedding":[1,2,3]}]})", ErrorCode::unavailable, "3 numbers, where 2 were expected"},
      {200, R"({"data":[{"embedding":[1,"x"]}]})", ErrorCode::unavailable, "numbers"},
      {200, R"({"data":[{"embedding":"AAAA"}]})", ErrorCode::unavailable, "no numbers"},
      {200, R"({"data":[{"embedding":[0,0]}]})", ErrorCode::unavailable, "direction"},
      {200, R"({"data":[{"embedding":[1e308,1e308]}]})", ErrorCode::unavailable, "direction"},
      {200, R"({"data":[{"index":5,"embedding":[1,2]}]})", ErrorCode::unavailable, "numbered"},
      {200, R"({"error":{"message":"slow down","code":429}})", ErrorCode::busy, "slow down"},
      {401, R"({"error":{"message":"wrong key sk-secret-secret"}})", ErrorCode::forbidden, "wrong key ***"},
      {404, "", ErrorCode::not_found, "nomic-embed-text-v1.5"},
      {400, R"({"error":{"message":"input exceeds the context window"}})", ErrorCode::too_large, "too long"},
      {500, "no", ErrorCode::unavailable, "no"},
  };
  for (const auto& wrong : cases) {
    ModelServer server([&](const std::string&) { return ModelServer::Answer{answer_of(wrong.status, wrong.body)}; });
    const auto vectors = run(embedder_at(server.address(), {.dimension = 2})->embed({"a"}));
    ASSERT_FALSE(vectors) << wrong.body;
    EXPECT_EQ(vectors.error().code, wrong.code) << vectors.error().message;
    EXPECT_TRUE(vectors.error().message.contains(wrong.words)) << vectors.error().message;
    EXPECT_FALSE(vectors.error().message.contains("secret")) << vectors.error().message;
  }
}

TEST(OpenAiEmbedder, TheFirstVectorTellsTheDimension) {
  ModelServer server([calls = 0](const std::string&) mutable {
    return ModelServer::Answer{
        answer_of(200, ++calls == 1 ? R"({"data":[{"embedding":[0,1]}]})" : R"({"data":[{"embedding":[1,2,3]}]})")};
  });
  const auto embedder = embedder_at(server.address(), {});
  EXPECT_EQ(embedder->dimension(), 0);
  EXPECT_EQ(embedder->model(), "embeddings:nomic-embed-text-v1.5");
  ASSERT_TRUE(run(embedder->embed({"a"})));
  EXPECT_EQ(embedder->dimension(), 2);
  EXPECT_TRUE(run(embedder->embed({"a"})).error().message.contains("3 numbers, where 2 were expected"));
}

TEST(OpenAiEmbedder, KnowsThePrefixes) {
  EXPECT_EQ(task_prefixes("nomic-embed-text:latest").document, "search_document: ");
  EXPECT_EQ(task_prefixes("nomic-embed-text-v1.5").query, "search_query: ");
  EXPECT_EQ(task_prefixes("text-embedding-3-small").query, "");
  EXPECT_EQ(task_prefixes("intfloat/e5-base-v2").document, "passage: ");
  EXPECT_EQ(task_prefixes("mxbai-embed-large").document, "");
  EXPECT_TRUE(task_prefixes("bge-small-en-v1.5").query.starts_with("Represent this sentence"));
  EXPECT_EQ(OpenAiEmbedder::create({.base_url = "h"}, {.dimension = 4}).error().code, ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace gibsey::provider
