#include "provider/anthropic/messages_reader.hpp"

#include <fmt/format.h>
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

std::string citation(int document, int start, int end) {
  return fmt::format(R"(data: {{"type":"content_block_delta","delta":{{"type":"citations_delta","citation":{{)"
                     R"("type":"content_block_location","cited_text":"It burned.","document_index":{},)"
                     R"("start_block_index":{},"end_block_index":{}}}}}}})"
                     "\n\n",
                     document, start, end);
}

struct CitedReply {
  std::string events;
  std::string text;
};

TEST(MessagesReader, ACitedQuoteIsNamedBehindWhatRestsOnIt) {
  for (const auto& [events, text] : {
           CitedReply{delta("It burned") + citation(0, 1, 2) + delta(". And then"), "It burned. [[q2]] And then"},
           CitedReply{delta("It burned") + citation(0, 1, 2) + delta(".") + delta("And"), "It burned. [[q2]] And"},
           CitedReply{delta("It burned.") + citation(0, 0, 1), "It burned. [[q1]]"},
           CitedReply{delta("It burned") + citation(0, 0, 1) + delta("."), "It burned. [[q1]]"},
           CitedReply{delta("Twice.") + citation(0, 0, 1) + delta(" Again.") + citation(0, 0, 1), "Twice. [[q1]] Again."},
           CitedReply{delta("Both.") + citation(0, 0, 2), "Both. [[q1]] [[q2]]"},
           CitedReply{citation(0, 0, 1) + delta("Before the words."), " [[q1]] Before the words."},
           // What was not sent cannot be cited.
           CitedReply{delta("Far.") + citation(0, 2, 9), "Far. [[q3]]"},
           CitedReply{delta("No such.") + citation(0, 3, 9) + citation(0, 2147483647, 2147483647), "No such."},
           CitedReply{delta("Another's.") + citation(1, 0, 1), "Another's."},
       }) {
    for (std::size_t cut = 0; cut < events.size(); cut += 7) {
      MessagesReader reader(std::make_shared<ClaudeLearned>(), {.who = "the server", .prompt_bytes = 3000, .cited_quotes = 3});
      std::string told;
      for (const auto& part : {kStart + events.substr(0, cut), events.substr(cut) + kEnd}) {
        reader.feed(part);
        const auto reading = take_all(reader);
        EXPECT_EQ(reading.error, "");
        told += reading.text;
      }
      EXPECT_EQ(told, text) << cut;
    }
  }
}

TEST(MessagesReader, CitationsOfWhatWasNotSentAreNotNamed) {
  auto reader = reader_with({});
  reader.feed(kStart + delta("It burned.") + citation(0, 0, 1) + kEnd);
  EXPECT_EQ(take_all(reader).text, "It burned.");
  EXPECT_EQ(reader.generated().citations.size(), 1U);
}

TEST(MessagesReader, ADeepEventIsNoJson) {
  auto reader = reader_with({});
  reader.feed("data: {\"type\":\"error\",\"error\":" + std::string(200'000, '[') + std::string(200'000, ']') + "}\n\n");
  EXPECT_TRUE(take_all(reader).error.contains("no JSON"));
}

}  // namespace
}  // namespace gibsey::provider
