#include "store/redis/message_list.hpp"

#include <gtest/gtest.h>

namespace gibsey::store::redis {
namespace {

/// What Python's json.dumps writes for kMessages.
constexpr const char* kWritten =
    R"py([{"role": "user", "content": "Wo ist die \"Lampe\"?\n\tSag's / \\ \u007f \u0001\b\f\r"}, )py"
    R"py({"role": "assistant", "content": "Sie war aus \u2014 \ud83c\udfee \u00e4\u200d<b>"}])py";

const std::vector<WindowMessage> kMessages{{"user", "Wo ist die \"Lampe\"?\n\tSag's / \\ \x7f \x01\b\f\r"},
                                           {"assistant", "Sie war aus \xE2\x80\x94 \xF0\x9F\x8F\xAE \xC3\xA4\xE2\x80\x8D<b>"}};

TEST(MessageList, IsWrittenByteForByteAsPythonDoes) {
  EXPECT_EQ(encode_messages(kMessages), kWritten);
  EXPECT_EQ(encode_messages({}), "[]");
}

TEST(MessageList, IsReadBack) {
  EXPECT_EQ(decode_messages(kWritten), kMessages);
  EXPECT_EQ(decode_messages(""), std::vector<WindowMessage>());
  EXPECT_EQ(decode_messages("[]"), std::vector<WindowMessage>());
  EXPECT_EQ(decode_messages(R"([{"role":"user","content":"ä","name":"x"}])"), (std::vector<WindowMessage>{{"user", "ä"}}));
}

TEST(MessageList, WhatIsNoTextIsReplaced) {
  EXPECT_EQ(encode_messages({{"user", "a\xFFz"}}), R"([{"role": "user", "content": "a\ufffdz"}])");
}

TEST(MessageList, AnythingElseIsCorrupt) {
  for (const auto* text : {"{}", "null", "[", "[1]", R"([{"role":"user"}])", R"([{"role":"user","content":null}])",
                           R"([{"content":"x","role":1}])", R"([{"role":"user","content":"x"}] and more)"}) {
    const auto messages = decode_messages(text);
    ASSERT_FALSE(messages) << text;
    EXPECT_EQ(messages.error().code, ErrorCode::corrupt);
  }
}

}  // namespace
}  // namespace gibsey::store::redis
