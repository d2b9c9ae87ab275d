#include "provider/ollama/chat_reader.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <utility>

namespace gibsey::provider {
namespace {

std::string line(const std::string& content) {
  return R"({"message":{"role":"assistant","content":")" + content + "\"},\"done\":false}\n";
}
const std::string kEnd = R"({"message":{"content":""},"done":true,"done_reason":"stop","prompt_eval_count":26,"eval_count":3})";

struct Reading {
  std::string text;
  std::string error;  ///< "" none
};

Reading take_all(ChatReader& reader) {
  Reading reading;
  for (;;) {
    auto piece = reader.take();
    if (!piece) reading.error = piece.error().message;
    if (!piece || !*piece) return reading;
    reading.text += **piece;
  }
}

ChatReader reader_with(std::vector<std::string> stop) {
  return {std::make_shared<OllamaLearned>(), {.who = "the server", .model = "llama3:8b", .stop = std::move(stop)}};
}

TEST(ChatReader, WhatCameBeforeABrokenLineIsTold) {
  for (const bool in_one_piece : {true, false}) {
    auto reader = reader_with({});
    const std::string endless(2'000'000, 'x');
    if (in_one_piece) {
      reader.feed(line("Yes") + endless);
    } else {
      for (const auto& piece : {line("Yes"), endless}) reader.feed(piece);
    }
    const auto reading = take_all(reader);
    EXPECT_EQ(reading.text, "Yes");
    EXPECT_TRUE(reading.error.contains("longer than")) << reading.error;
  }
}

TEST(ChatReader, ALastLineWithoutABreakIsRead) {
  auto reader = reader_with({});
  reader.feed(line("Yes.") + kEnd);
  EXPECT_EQ(take_all(reader).text, "Yes.");
  EXPECT_FALSE(reader.over());
  reader.end();
  EXPECT_EQ(take_all(reader).error, "");
  EXPECT_TRUE(reader.over());
  EXPECT_EQ(reader.generated().usage.completion_tokens, 3);
}

TEST(ChatReader, ABodyThatEndsEarlyIsAnError) {
  auto reader = reader_with({});
  reader.feed(line("Yes."));
  reader.end();
  const auto reading = take_all(reader);
  EXPECT_EQ(reading.text, "Yes.");
  EXPECT_TRUE(reading.error.contains("before the reply was whole")) << reading.error;
}

TEST(ChatReader, CutGivesWhatWasHeldBackButNoHalfTag) {
  auto reader = reader_with({"\nReader:"});
  reader.feed(line("Yes\\nRe") + line(" <thi"));
  EXPECT_EQ(take_all(reader).text + reader.cut().value_or(""), "Yes\nRe ");
  EXPECT_TRUE(reader.over());
  EXPECT_EQ(reader.generated().finish_reason, model::FinishReason::stopped_by_reader);
}

TEST(ChatReader, ADeepLineIsNoJson) {
  auto reader = reader_with({});
  reader.feed("{\"message\":" + std::string(200'000, '[') + std::string(200'000, ']') + "}\n");
  EXPECT_TRUE(take_all(reader).error.contains("no JSON"));
}

}  // namespace
}  // namespace gibsey::provider
