#include "chat/reply_guard.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace gibsey::chat {
namespace {

std::string through(ReplyGuard& guard, const std::string& text) {
  std::string out;
  for (const char c : text) {
    for (const auto& sentence : guard.feed(std::string_view(&c, 1))) out += sentence;
  }
  for (const auto& sentence : guard.finish()) out += sentence;
  return out;
}

TEST(ReplyGuard, WholeSentencesPass) {
  ReplyGuard guard({});
  EXPECT_EQ(through(guard, " I saw Mr. Gibsey at the gate. He wore no hat!\nWas it you?"),
            " I saw Mr. Gibsey at the gate. He wore no hat! Was it you?");
  EXPECT_EQ(guard.words(), 14);
}

TEST(ReplyGuard, AnUnfinishedSentenceIsDropped) {
  ReplyGuard guard({});
  EXPECT_EQ(through(guard, "The lamp was out. Then the owl began to"), "The lamp was out.");
}

TEST(ReplyGuard, TalkOfBeingAProgramIsDropped) {
  for (const std::string sentence :
       {"As an AI, I cannot climb.", "I'm just a language model.", "I am a chatbot, you see.", "How can I assist you today?"}) {
    ReplyGuard guard({});
    EXPECT_EQ(through(guard, sentence), "") << sentence;
  }
  ReplyGuard guard({});
  EXPECT_EQ(through(guard, "I said again that rain came in."), "I said again that rain came in.") << "'an ai' inside other words";
}

TEST(ReplyGuard, CopyingThePromptIsDropped) {
  ReplyGuard guard({.prompt_texts = {"You lay in Lost Property on shelf six with tag number 1,117."}});
  EXPECT_EQ(through(guard, "You lay in Lost Property on shelf six with a tag. The shelf was cold."), " The shelf was cold.");
}

TEST(ReplyGuard, RepetitionIsDropped) {
  ReplyGuard guard({.enough_words = 100});
  EXPECT_EQ(through(guard, "The stair went on and on. The stair went on and on."), "The stair went on and on.");
}

TEST(ReplyGuard, ASecondBadSentenceEndsTheGeneration) {
  ReplyGuard guard({});
  EXPECT_EQ(through(guard, "I came. As an AI I go. As an AI I stay. Then I saw it."), "I came.");
  EXPECT_TRUE(guard.wants_no_more());
  EXPECT_FALSE(guard.long_enough());
  guard.restart();
  EXPECT_EQ(through(guard, " And I left."), " And I left.");
  EXPECT_EQ(guard.accepted(), "I came. And I left.");
}

TEST(ReplyGuard, AnotherSpeakersLabelEndsTheGeneration) {
  ReplyGuard guard({.speaker_names = {"Todd Fishbone"}});
  EXPECT_EQ(through(guard, "I climbed. Todd: Why? I will say."), "I climbed.");
  EXPECT_TRUE(guard.wants_no_more());
}

TEST(ReplyGuard, EnoughWordsEndTheReplyAtASentence) {
  ReplyGuard guard({.enough_words = 6});
  EXPECT_EQ(through(guard, "One two three four. Five six seven. Eight nine."), "One two three four. Five six seven.");
  EXPECT_TRUE(guard.long_enough());
}

}  // namespace
}  // namespace gibsey::chat
