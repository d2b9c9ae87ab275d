#include "net/sse.hpp"

#include "net/testing/shared_data.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <random>

namespace gibsey::net {
namespace {

using Json = nlohmann::json;

std::vector<SseEvent> read_all(const std::vector<std::string>& chunks, SseReader& reader) {
  std::vector<SseEvent> events;
  for (const auto& chunk : chunks) EXPECT_TRUE(reader.feed(chunk, events));
  return events;
}

void expect_vector(const Json& vector, const std::vector<std::string>& chunks) {
  SseReader reader(8 * 1024 * 1024);
  const auto events = read_all(chunks, reader);
  ASSERT_EQ(events.size(), vector["events"].size());
  for (std::size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(events[i].type, vector["events"][i]["type"].get<std::string>());
    EXPECT_EQ(events[i].data, vector["events"][i]["data"].get<std::string>());
    EXPECT_EQ(events[i].id, vector["events"][i]["lastEventId"].get<std::string>());
  }
  EXPECT_EQ(reader.last_event_id(), vector["final_last_event_id"].get<std::string>());
  EXPECT_EQ(reader.comments(), vector["comments"].size());
  if (vector["retry"].empty()) {
    EXPECT_FALSE(reader.retry().has_value());
  } else if (vector["retry"].back().is_number_unsigned()) {
    EXPECT_EQ(reader.retry(), vector["retry"].back().get<std::uint64_t>());
  }
}

TEST(SseReader, AgreesWithTheSharedVectorsHoweverTheyAreCut) {
  const auto lines = testing::shared_lines("sse/sse_vectors.jsonl");
  for (const auto& line : lines) {
    const auto vector = Json::parse(line);
    SCOPED_TRACE(vector["name"].get<std::string>());
    std::vector<std::string> chunks;
    std::string whole;
    for (const auto& chunk : vector["chunks_b64"]) {
      chunks.push_back(testing::base64_decoded(chunk.get<std::string>()));
      whole += chunks.back();
    }
    expect_vector(vector, chunks);
    expect_vector(vector, {whole});
    std::vector<std::string> bytes;
    for (const char c : whole) bytes.emplace_back(1, c);
    expect_vector(vector, bytes);
  }
  if (!lines.empty()) EXPECT_EQ(lines.size(), 134U);
}

TEST(SseReader, JoinsDataLinesAndKeepsTheIdForLaterEvents) {
  SseReader reader;
  const auto events =
      read_all({"id: 7\ndata: a\r\nda", "ta: b\r\n\r", "\n: wait\n\nevent: done\ndata\n\ndata: cut off\n"}, reader);
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].type, "message");
  EXPECT_EQ(events[0].data, "a\nb");
  EXPECT_EQ(events[1].type, "done");
  EXPECT_EQ(events[1].data, "");
  EXPECT_EQ(events[1].id, "7");
  EXPECT_EQ(reader.comments(), 1U);
}

TEST(SseReader, RefusesAnEventOverItsLimit) {
  for (const auto& piece : {std::string("data: 0123456789\n"), std::string(16, 'x')}) {
    SseReader reader(100);
    std::vector<SseEvent> events;
    Result<void> fed;
    int pieces = 0;
    while (fed && pieces < 1000) {
      fed = reader.feed(piece, events);
      ++pieces;
    }
    ASSERT_FALSE(fed);
    EXPECT_EQ(fed.error().code, ErrorCode::too_large);
    EXPECT_LT(pieces, 12);
  }
}

TEST(SseReader, MalformedBytesCountAsLongAsTheyBecome) {
  SseReader reader(60);
  std::vector<SseEvent> events;
  EXPECT_TRUE(reader.feed("data: " + std::string(16, '\x80') + "\n\n", events));
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].data.size(), 48U);
  const auto fed = reader.feed("data: " + std::string(40, '\x80') + "\n", events);
  ASSERT_FALSE(fed);
  EXPECT_EQ(fed.error().code, ErrorCode::too_large);
}

TEST(SseReader, ALongIdCannotBeMultipliedByShortEvents) {
  for (const std::string field : {"id: ", "event: "}) {
    SseReader reader;
    std::vector<SseEvent> events;
    EXPECT_TRUE(reader.feed(field + std::string(1024, 'x') + "\ndata\n\n", events));
    const auto fed = reader.feed(field + std::string(1025, 'x') + "\n", events);
    ASSERT_FALSE(fed) << field;
    EXPECT_EQ(fed.error().code, ErrorCode::too_large);
  }
}

TEST(SseReader, ARetryTimeTooLargeForANumberIsCapped) {
  SseReader reader;
  read_all({"retry: 99999999999999999999999\n\n"}, reader);
  EXPECT_EQ(reader.retry(), std::numeric_limits<std::uint64_t>::max());
}

TEST(SseWriter, EveryLineBreakBeginsAFurtherDataLine) {
  std::string out;
  append_sse(out, "", "a\nb\r\nc\rd\n", "t1:4");
  EXPECT_EQ(out, "id: t1:4\ndata: a\ndata: b\ndata: c\ndata: d\ndata: \n\n");
}

TEST(SseWriter, NeitherTypeNorIdCanBeginALineOfTheirOwn) {
  std::string out;
  append_sse(out, "do\nne", "x", std::string("1\r\ndata: forged\0", 16));
  EXPECT_EQ(out, "event: done\nid: 1data: forged\ndata: x\n\n");
  out.clear();
  append_sse_comment(out, "ok\ndata: forged");
  EXPECT_EQ(out, ": ok\n: data: forged\n\n");
}

/// What a reader makes of line breaks: all become LF.
std::string with_line_feeds(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool pair = text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n';
    if (!pair) out.push_back(text[i] == '\r' ? '\n' : text[i]);
  }
  return out;
}

TEST(SseWriter, ARandomEventComesBackAsItWasHoweverTheStreamIsCut) {
  std::mt19937 random(20261120);
  const std::vector<std::string> alphabet = {"a",
                                             " ",
                                             "\n",
                                             "\r",
                                             "\r\n",
                                             ":",
                                             "data",
                                             "\xC3\xA9",
                                             "\xE2\x80\x9C",
                                             "\xF0\x9F\x98\x80",
                                             "\xEF\xBB\xBF",
                                             "\t",
                                             std::string(1, '\0')};
  const auto pick = [&random](std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random); };
  for (int round = 0; round < 2000; ++round) {
    std::string stream;
    std::vector<std::string> texts;
    const auto count = 1 + pick(4);
    for (std::size_t i = 0; i < count; ++i) {
      std::string text;
      for (auto n = pick(8); n > 0; --n) text += alphabet[pick(alphabet.size())];
      texts.push_back(text);
      if (pick(3) == 0) append_sse_comment(stream, "");
      append_sse(stream, i % 2 == 0 ? "" : "token", text, "t:" + std::to_string(i));
    }
    SseReader reader;
    std::vector<SseEvent> events;
    for (std::size_t at = 0; at < stream.size();) {
      const auto length = 1 + pick(7);
      ASSERT_TRUE(reader.feed(std::string_view(stream).substr(at, length), events));
      at += length;
    }
    ASSERT_EQ(events.size(), texts.size());
    for (std::size_t i = 0; i < texts.size(); ++i) {
      ASSERT_EQ(events[i].data, with_line_feeds(texts[i])) << round;
      ASSERT_EQ(events[i].type, i % 2 == 0 ? "message" : "token");
      ASSERT_EQ(events[i].id, "t:" + std::to_string(i));
    }
  }
}

}  // namespace
}  // namespace gibsey::net
