#include "provider/ollama/ollama_embedder.hpp"

#include "provider/testing/answering_server.hpp"
#include "provider/testing/run.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace gibsey::provider {
namespace {

using nlohmann::json;
using testing::answer;
using testing::AnsweringServer;
using testing::body_in;
using testing::run;

/// A text's vector: its length, and 1.
json vector_of(const std::string& text) {
  return {static_cast<double>(text.size()), 1};
}

std::string embedded(const std::string& request) {
  const auto body = json::parse(body_in(request));
  json reply;
  for (const auto& text : body["input"]) reply["embeddings"].push_back(vector_of(text));
  return answer("200 OK", reply.dump());
}

UpstreamOptions options_at(const std::string& address, const std::string& model = "all-minilm") {
  return {.name = "ollama", .base_url = address, .model = model};
}

TEST(OllamaEmbedder, GivesOneUnitVectorATextInOrder) {
  AnsweringServer server(embedded);
  const auto embedder = OllamaEmbedder::create(options_at(server.address(), "all-minilm:latest"));
  ASSERT_TRUE(embedder) << embedder.error().message;
  EXPECT_EQ((*embedder)->dimension(), 0) << "nobody was asked yet";
  EXPECT_EQ((*embedder)->model(), "ollama:all-minilm");
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < 150; ++i) texts.emplace_back(i, 'a');
  const auto vectors = run((*embedder)->embed(texts));
  ASSERT_TRUE(vectors) << vectors.error().message;
  ASSERT_EQ(vectors->size(), 150U);
  for (std::size_t i = 0; i < 150; ++i) {
    EXPECT_NEAR((*vectors)[i][0] / (*vectors)[i][1], static_cast<float>(i), 1e-3) << i;
    EXPECT_NEAR((*vectors)[i][0] * (*vectors)[i][0] + (*vectors)[i][1] * (*vectors)[i][1], 1, 1e-5);
  }
  EXPECT_EQ((*embedder)->dimension(), 2);
  EXPECT_EQ(server.requests().size(), 3U) << "64, 64 and 22 texts";
  EXPECT_TRUE(server.requests()[0].starts_with("POST /api/embed HTTP/1.1\r\n"));
  EXPECT_EQ(run((*embedder)->embed({}))->size(), 0U);
}

TEST(OllamaEmbedder, NomicIsToldWhatATextIsFor) {
  AnsweringServer server(embedded);
  const auto input = [&server] { return json::parse(body_in(server.requests().back()))["input"][0].get<std::string>(); };
  const auto nomic = std::move(*OllamaEmbedder::create(options_at(server.address(), "nomic-embed-text:v1.5")));
  ASSERT_TRUE(run(nomic->embed({"The lamp \xFF"})));
  EXPECT_EQ(input(), "search_document: The lamp \uFFFD");
  ASSERT_TRUE(run(nomic->embed_questions({"Which lamp?"})));
  EXPECT_EQ(input(), "search_query: Which lamp?");
  const auto other = std::move(*OllamaEmbedder::create(options_at(server.address())));
  ASSERT_TRUE(run(other->embed_questions({"Which lamp?"})));
  EXPECT_EQ(input(), "Which lamp?");
}

TEST(OllamaEmbedder, AnOldServerIsAskedTextByText) {
  AnsweringServer server([](const std::string& request) {
    if (!request.starts_with("POST /api/embeddings ")) return answer("404 Not Found", "404 page not found");
    json reply;
    reply["embedding"] = vector_of(json::parse(body_in(request))["prompt"]);
    return answer("200 OK", reply.dump());
  });
  const auto embedder = OllamaEmbedder::create(options_at(server.address()));
  ASSERT_TRUE(embedder) << embedder.error().message;
  const auto vectors = run((*embedder)->embed({"a", "aa"}));
  ASSERT_TRUE(vectors);
  EXPECT_NEAR((*vectors)[1][0] / (*vectors)[1][1], 2, 1e-5);
  EXPECT_EQ(server.requests().size(), 3U) << "the newer call is tried once";
}

TEST(OllamaEmbedder, WhatIsNoVectorIsAnError) {
  struct Case {
    std::string answer;
    ErrorCode code;
  };
  for (const auto& [given, code] :
       {Case{answer("404 Not Found", R"({"error": "model 'all-minilm' not found"})"), ErrorCode::not_found},
        Case{answer("401 Unauthorized", R"({"error": "no"})"), ErrorCode::forbidden},
        Case{answer("503 Service Unavailable", R"({"error": "busy"})"), ErrorCode::busy},
        Case{answer("500 Oops", R"({"error": "this model does not support embeddings"})"), ErrorCode::unavailable},
        Case{answer("200 OK", "<html>"), ErrorCode::unavailable},
        Case{answer("200 OK", R"({"embeddings": []})"), ErrorCode::unavailable},
        Case{answer("200 OK", R"({"embeddings": [[1], [2]]})"), ErrorCode::unavailable},
        Case{answer("200 OK", R"({"embeddings": [[]]})"), ErrorCode::unavailable},
        Case{answer("200 OK", R"({"embeddings": [[0, 0]]})"), ErrorCode::unavailable},
        Case{answer("200 OK", R"({"embeddings": [["a"]]})"), ErrorCode::unavailable},
        Case{answer("200 OK", R"({"embeddings": [[1e39]]})"), ErrorCode::unavailable},
        Case{answer("200 OK", R"({"embeddings": [null]})"), ErrorCode::unavailable}}) {
    AnsweringServer server([&](const std::string&) { return given; });
    const auto embedder = OllamaEmbedder::create(options_at(server.address()));
    ASSERT_TRUE(embedder);
    const auto vectors = run((*embedder)->embed({"What is this?"}));
    ASSERT_FALSE(vectors) << given;
    EXPECT_EQ(vectors.error().code, code) << given;
  }
  EXPECT_EQ(OllamaEmbedder::create(options_at("localhost:1")).error().code, ErrorCode::invalid_argument);
}

TEST(OllamaEmbedder, AVectorOfAnotherDimensionIsAnError) {
  AnsweringServer server([calls = 0](const std::string&) mutable {
    return answer("200 OK", ++calls == 1 ? R"({"embeddings": [[3, 4]]})" : R"({"embeddings": [[1, 2, 3]]})");
  });
  const auto embedder = std::move(*OllamaEmbedder::create(options_at(server.address())));
  ASSERT_TRUE(run(embedder->embed({"a"})));
  const auto vectors = run(embedder->embed({"a"}));
  ASSERT_FALSE(vectors);
  EXPECT_EQ(vectors.error().code, ErrorCode::unavailable);
  EXPECT_TRUE(vectors.error().message.contains("3 numbers, where 2 were expected")) << vectors.error().message;
}

}  // namespace
}  // namespace gibsey::provider
