#include "provider/openai/completion_reader.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace gibsey::provider {
namespace {

struct Outcome {
  std::string text;
  std::string error;  ///< its message; "" none
  ErrorCode code = ErrorCode::internal;
  std::size_t reasoning = 0;
  std::optional<model::TokenUsage> usage;
  model::FinishReason reason = model::FinishReason::stop;
  bool finished = false;
};

/// Takes all that is there; false: the reply is over or failed.
bool take_all(CompletionReader& reader, Outcome& outcome) {
  for (;;) {
    auto piece = reader.take();
    if (!piece) {
      outcome.error = piece.error().message;
      outcome.code = piece.error().code;
      return false;
    }
    if (!*piece) return !reader.over();
    EXPECT_FALSE((*piece)->empty());
    outcome.text += **piece;
  }
}

Outcome read(const std::vector<std::string>& pieces, std::vector<std::string> stop = {}, bool begins_inside = false) {
  CompletionReader reader(std::move(stop), begins_inside);
  Outcome outcome;
  bool more = true;
  for (const auto& piece : pieces) {
    reader.feed(piece);
    more = take_all(reader, outcome);
    if (!more) break;
  }
  if (more) {
    reader.end();
    EXPECT_FALSE(take_all(reader, outcome));
  }
  outcome.reasoning = reader.reasoning_characters();
  outcome.usage = reader.usage();
  outcome.reason = reader.finish_reason();
  outcome.finished = reader.finished();
  return outcome;
}

std::vector<std::string> byte_by_byte(const std::string& text) {
  std::vector<std::string> bytes;
  for (const char byte : text) bytes.emplace_back(1, byte);
  return bytes;
}

std::string delta(const std::string& members, const std::string& finish = "null") {
  return "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{" + members + "},\"finish_reason\":" + finish + "}]}\n\n";
}
std::string content(const std::string& text) {
  return delta("\"content\":\"" + text + "\"");
}
const std::string kStop = delta("", "\"stop\"");
const std::string kUsage =
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":26,\"completion_tokens\":3,\"total_tokens\":29}}\n\n";
const std::string kDone = "data: [DONE]\n\n";

TEST(CompletionReader, ReadsTheSameWhateverTheCut) {
  const auto stream = "\xEF\xBB\xBF: hello\n\n" + delta("\"role\":\"assistant\",\"content\":\"\"") +
                      delta("\"reasoning_content\":\"h\u00e9\"") + content("<think>a b</think> Caf\u00e9") + ": still here\r\n" +
                      content(" \\ud83d\\ude00") + content("!\\nReader: no") + kStop + kUsage + kDone;
  const auto check = [&](const std::vector<std::string>& pieces) {
    const auto outcome = read(pieces);
    ASSERT_EQ(outcome.error, "");
    ASSERT_EQ(outcome.text, "Caf\u00e9 \U0001F600!\nReader: no");
    ASSERT_EQ(outcome.reasoning, 5U);
    ASSERT_TRUE(outcome.usage);
    ASSERT_EQ(outcome.usage->prompt_tokens, 26);
    ASSERT_EQ(outcome.usage->completion_tokens, 3);
  };
  check(byte_by_byte(stream));
  for (std::size_t at = 0; at <= stream.size(); ++at) check({stream.substr(0, at), stream.substr(at)});
}

TEST(CompletionReader, ACharacterInHalvesIsJoined) {
  const auto halves = content("a\\uD83D") + content("\\ude00b\\\\ud83d \\ude00 \\ud83dx") + content("\\ud83d") + kStop + kDone;
  EXPECT_EQ(read({halves}).text, "a\U0001F600b\\ud83d \uFFFD \uFFFDx\uFFFD");
  EXPECT_EQ(read(byte_by_byte(halves)).text, read({halves}).text);
  EXPECT_EQ(read({content("\U0010FC00") + kStop}).text, "\U0010FC00");
}

TEST(CompletionReader, EndsBeforeAStopString) {
  const auto outcome = read({content("Yes.\\nRea") + content("der: and?") + delta("", "\"length\"") + kDone}, {"\nReader:"});
  EXPECT_EQ(outcome.text, "Yes.");
  EXPECT_EQ(outcome.reason, model::FinishReason::stop);
  EXPECT_EQ(read({content("<think>\\nReader:</think>Yes.") + kStop}, {"\nReader:"}).text, "Yes.");
}

TEST(CompletionReader, ReasoningThatBeganInThePromptIsNoticedAndThenCut) {
  const auto stream = content("First, ") + content("so.</think>\\n\\nYes.") + kStop + kDone;
  CompletionReader reader({}, false);
  reader.feed(stream);
  Outcome outcome;
  take_all(reader, outcome);
  EXPECT_TRUE(outcome.error.contains("ask again")) << outcome.error;
  EXPECT_TRUE(reader.leaked());
  const auto again = read({stream}, {}, true);
  EXPECT_EQ(again.text, "Yes.");
  EXPECT_EQ(again.reasoning, 10U);
}

TEST(CompletionReader, CutGivesWhatWasHeldBackButNoHalfTag) {
  CompletionReader reader({"\nReader:"}, false);
  Outcome outcome;
  reader.feed(content("Yes\\nRe") + content(" <thi"));
  take_all(reader, outcome);
  EXPECT_EQ(outcome.text + reader.cut(), "Yes\nRe ");
  EXPECT_TRUE(reader.over());
}

struct Case {
  const char* what;
  std::string body;
  std::string text;
  std::string error = {};  ///< a part of its message; "" none
  ErrorCode code = ErrorCode::internal;
  model::FinishReason reason = model::FinishReason::stop;
};

const std::string kWhole = R"({"object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"Yes.",
  "reasoning":"hm"},"finish_reason":"length"}],"usage":{"prompt_tokens":26,"completion_tokens":3}})";

const std::vector<Case>& misbehaviours() {
  using enum ErrorCode;
  const auto yes = content("Yes.");
  static const std::vector<Case> cases = {
      {"no [DONE]", yes + kStop, "Yes."},
      {"[DONE] and no finish_reason", yes + kDone, "Yes."},
      {"[DONE] without its blank line", yes + "data: [DONE]\n", "Yes."},
      {"a last event without a line end", yes + kStop.substr(0, kStop.size() - 2), "Yes."},
      {"no space after the colon", "data:{\"choices\":[{\"delta\":{\"content\":\"Yes.\"}}]}\n\ndata:[DONE]\n\n", "Yes."},
      {"CR alone", "data: {\"choices\":[{\"delta\":{\"content\":\"Yes.\"},\"finish_reason\":\"stop\"}]}\r\r", "Yes."},
      {"null content", delta("\"role\":\"assistant\",\"content\":null") + yes + kStop, "Yes."},
      {"no delta", "data: {\"choices\":[{\"index\":0}]}\n\n" + yes + kStop, "Yes."},
      {"null choices and usage", "data: {\"choices\":null,\"usage\":null,\"error\":null}\n\n" + yes + kStop, "Yes."},
      {"odd types", "data: {\"choices\":[7,{\"delta\":[]},{\"delta\":{\"content\":7}}],\"usage\":\"x\"}\n\n" + yes + kStop,
       "Yes."},
      {"finish_reason \"\" everywhere", delta("\"content\":\"Yes.\"", "\"\"") + kStop, "Yes."},
      {"finish_reason with the last text", delta("\"content\":\"Yes.\"", "\"stop\""), "Yes."},
      {"another choice", "data: {\"choices\":[{\"index\":1,\"delta\":{\"content\":\"No.\"}}]}\n\n" + yes + kStop, "Yes."},
      {"\"message\" for \"delta\"", "data: {\"choices\":[{\"message\":{\"content\":\"Yes.\"}}]}\n\n" + kDone, "Yes."},
      {"empty data", "data:\n\ndata: \n\n" + yes + kStop, "Yes."},
      {"unknown events and fields", "event: ping\nid: 7\nretry: 9\nfoo\ndata: {}\n\n" + yes + kStop, "Yes."},
      {"text after [DONE]", yes + kDone + content("No."), "Yes."},
      {"typed parts",
       delta(R"("content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]},{"type":"text","text":"Yes."}])") + kStop,
       "Yes."},
      {"reasoning under two names", delta(R"("reasoning":"hm","reasoning_content":"hm")") + yes + kStop, "Yes."},
      {"a whole completion", kWhole, "Yes.", "", internal, model::FinishReason::length},
      {"a whole completion after blank lines", "\n\n" + kWhole, "Yes.", "", internal, model::FinishReason::length},
      {"a whole completion without finish_reason", R"({"choices":[{"message":{"content":"Yes."}}]})", "Yes."},
      {"the bound", yes + delta("", "\"length\""), "Yes.", "", internal, model::FinishReason::length},
      {"nothing said, and stop", kStop + kDone, ""},
      {"a tool call after text", yes + delta("", "\"tool_calls\""), "Yes."},

      {"nothing", "", "", "before the reply was whole", unavailable},
      {"blank", "\n\n  \n", "", "before the reply was whole", unavailable},
      {"[DONE] alone", kDone, "", "without a word", unavailable},
      {"broken off", yes, "Yes.", "before the reply was whole", unavailable},
      {"broken off in an event", yes + "data: {\"choices\":[{\"de", "Yes.", "no JSON", unavailable},
      {"no JSON", yes + "data: <html>\n\n", "Yes.", "no JSON", unavailable},
      {"a JSON array", yes + "data: [1]\n\n", "Yes.", "no JSON", unavailable},
      {"a web page", "<!DOCTYPE html><p>hello", "", "web page", unavailable},
      {"a document that is no completion", "{\"ok\":true}", "", "before the reply was whole", unavailable},
      {"half a document", kWhole.substr(0, 60), "", "no JSON", unavailable},
      {"an error in the stream", yes + "data: {\"error\":{\"message\":\"out of memory\",\"code\":500}}\n\n", "Yes.",
       "out of memory", unavailable},
      {"an error as text", yes + "data: {\"error\":\"out of memory\"}\n\n", "Yes.", "out of memory", unavailable},
      {"an error event", yes + "event: error\ndata: out of memory\n\n", "Yes.", "out of memory", unavailable},
      {"vLLM's error", yes + "data: {\"object\":\"error\",\"message\":\"engine died\",\"code\":500}\n\n", "Yes.", "engine died",
       unavailable},
      {"an error beside choices",
       R"(data: {"error":{"code":502,"message":"lost"},"choices":[{"delta":{"content":""},"finish_reason":"error"}]})"
       "\n\n",
       "", "lost", unavailable},
      {"finish_reason error", yes + delta("", "\"error\""), "Yes.", "with an error", unavailable},
      {"a limit in the stream", "data: {\"error\":{\"message\":\"slow down\",\"type\":\"rate_limit_error\"}}\n\n", "",
       "slow down", busy},
      {"a limit by number", "data: {\"error\":{\"message\":\"slow down\",\"code\":429}}\n\n", "", "slow down", busy},
      {"an error for a stream", R"({"error":{"message":"too long","code":"context_length_exceeded"}})", "", "too long",
       too_large},
      {"the filter", yes + delta("", "\"content_filter\""), "Yes.", "content filter", unavailable},
      {"a tool call and no text", delta("\"tool_calls\":[]", "\"tool_calls\""), "", "tool", unavailable},
      {"all tokens thought away", delta("\"reasoning\":\"hm\"") + delta("", "\"length\""), "", "all its tokens", unavailable},
      {"nothing but reasoning", content("<think>hm</think>\\n") + kStop, "", "nothing but reasoning", unavailable},
      {"reasoning that never ends", content("<think>hm") + kStop, "", "nothing but reasoning", unavailable},
      {"an event without end", "data: " + std::string(2'000'000, 'a'), "", "larger than", unavailable},
  };
  return cases;
}

TEST(CompletionReader, EmptyLinesBeforeTheAnswerAreNotKept) {
  const std::string blank(64 * 1024, '\n');
  CompletionReader reader({}, false);
  for (int i = 0; i < 512; ++i) reader.feed(blank);  // 32 MiB: more than any document may have
  reader.feed(kWhole);
  reader.end();
  Outcome outcome;
  take_all(reader, outcome);
  EXPECT_EQ(outcome.text, "Yes.");
  for (const auto& begin : {"\n\xEF\xBB\xBF", "\xEF\xBB\xBF\r\n\n", " \n \xEF\xBB\xBF", "\n \n"}) {
    const auto whole = read({begin + kWhole});
    const auto bytes = read(byte_by_byte(begin + kWhole));
    EXPECT_EQ(whole.text, bytes.text);
    EXPECT_EQ(whole.error, bytes.error);
  }
}

TEST(CompletionReader, ADeepDocumentIsRefusedWithoutWalkingIt) {
  for (const auto& document : {std::string(1'000'000, '['), std::string(400'000, '[') + std::string(400'000, ']'),
                               "{\"error\":" + std::string(400'000, '[') + std::string(400'000, ']') + "}"}) {
    for (const auto& body : {document, "data: " + document + "\n\n"}) {
      const auto outcome = read({body});
      EXPECT_TRUE(outcome.error.contains("no JSON")) << outcome.error.substr(0, 200);
      EXPECT_EQ(outcome.code, ErrorCode::unavailable);
    }
  }
}

TEST(CompletionReader, MisbehavioursOfServers) {
  for (const auto& wrong : misbehaviours()) {
    std::vector<std::vector<std::string>> cuts = {{wrong.body}};
    if (wrong.body.size() < 10'000) cuts.push_back(byte_by_byte(wrong.body));
    for (const auto& pieces : cuts) {
      const auto outcome = read(pieces);
      EXPECT_EQ(outcome.text, wrong.text) << wrong.what;
      EXPECT_EQ(outcome.error.empty(), wrong.error.empty()) << wrong.what << ": " << outcome.error;
      EXPECT_TRUE(outcome.error.contains(wrong.error)) << wrong.what << ": " << outcome.error;
      if (!wrong.error.empty()) {
        EXPECT_EQ(outcome.code, wrong.code) << wrong.what;
      } else {
        EXPECT_EQ(outcome.reason, wrong.reason) << wrong.what;
      }
    }
  }
}

TEST(CompletionReader, UsageMayComeAnywhereAndTheLastCounts) {
  const auto with = [](const std::string& usage) { return "data: {\"choices\":[],\"usage\":" + usage + "}\n\n"; };
  const auto first = with(R"({"prompt_tokens":26,"completion_tokens":1})");
  EXPECT_EQ(read({first + content("Yes.") + kUsage + kStop}).usage->completion_tokens, 3);
  EXPECT_EQ(read({first + content("Yes.") + with("null") + kStop}).usage->completion_tokens, 1);
  EXPECT_FALSE(read({content("Yes.") + kStop + with(R"({"prompt_tokens":0,"completion_tokens":0})")}).usage);
  EXPECT_FALSE(read({content("Yes.") + kStop + with(R"({"prompt_tokens":-4,"completion_tokens":"many"})")}).usage);
  EXPECT_EQ(read({kWhole}).usage->prompt_tokens, 26);
}

}  // namespace
}  // namespace gibsey::provider
