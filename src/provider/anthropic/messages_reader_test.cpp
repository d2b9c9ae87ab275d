#include "provider/anthropic/messages_reader.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <utility>

namespace gibsey::provider {
namespace {

std::string delta(const std::string& text) {
  return R"(data: {"type":"content_block_delta","delta":{"type":"text_delta","text":")" + text + "\"}}\n\n";
}
const std::string kStart = "data: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":1000}}}\n\n";
const std::string kEnd =
    "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":3}}\n\n"
    "data: {\"type\":\"message_stop\"}\n\n";

struct Reading {
  std::string text;
  std::string error;  ///< "" none
};

Reading take_all(MessagesReader& reader) {
  Reading reading;
  for (;;) {
    auto piece = reader.take();
    if (!piece) reading.error = piece.error().message;
    if (!piece || !*piece) return reading;
    reading.text += **piece;
  }
}

MessagesReader reader_with(std::vector<std::string> stop, std::shared_ptr<ClaudeLearned> learned = nullptr) {
  return {learned ? std::move(learned) : std::make_shared<ClaudeLearned>(),
          {.who = "the server", .stop = std::move(stop), .prompt_bytes = 3000}};
}

TEST(MessagesReader, WhatCameBeforeABrokenLineIsTold) {
  for (const bool in_one_piece : {true, false}) {
    auto reader = reader_with({});
    const std::string endless(2'000'000, 'x');
    if (in_one_piece) {
      reader.feed(kStart + delta("Yes") + endless);
    } else {
      for (const auto& piece : {kStart, delta("Yes"), endless}) reader.feed(piece);
    }
    const auto reading = take_all(reader);
    EXPECT_EQ(reading.text, "Yes");
    EXPECT_TRUE(reading.error.contains("larger than")) << reading.error;
  }
}

TEST(MessagesReader, AReplyIsLearnedFromOnce) {
  const auto learned = std::make_shared<ClaudeLearned>();
  auto reader = reader_with({"\nReader:"}, learned);
  reader.feed(kStart + delta("Yes\\nRead") + kEnd);
  EXPECT_EQ(take_all(reader).text, "Yes\nRead");
  EXPECT_TRUE(reader.over());
  EXPECT_EQ(learned->tokens.bytes_per_token(), 3.0);
  learned->tokens.learn(5000, 1000);
  const auto after = learned->tokens.bytes_per_token();
  EXPECT_EQ(take_all(reader).text, "");
  EXPECT_EQ(learned->tokens.bytes_per_token(), after);
  EXPECT_FALSE(reader.generated().usage_estimated);
}

TEST(MessagesReader, CutGivesWhatWasHeldBack) {
  auto reader = reader_with({"\nReader:"});
  reader.feed(kStart + delta("Yes\\nRead"));
  EXPECT_EQ(take_all(reader).text + reader.cut().value_or(""), "Yes\nRead");
  EXPECT_TRUE(reader.over());
  EXPECT_EQ(reader.generated().finish_reason, model::FinishReason::stopped_by_reader);
}

TEST(MessagesReader, ADeepEventIsNoJson) {
  auto reader = reader_with({});
  reader.feed("data: {\"type\":\"error\",\"error\":" + std::string(200'000, '[') + std::string(200'000, ']') + "}\n\n");
  EXPECT_TRUE(take_all(reader).error.contains("no JSON"));
}

}  // namespace
}  // namespace gibsey::provider
