#include "provider/llama/quote_lock.hpp"

#include <gtest/gtest.h>

namespace gibsey::provider {
namespace {

using Verdict = QuoteLock::Verdict;

const std::string kKey = "Nobody else wanted the key.";
const std::string kSalt = "\"Mind the salt,\" said Todd.";
const std::string kOwls = "The owls\u2019 lamp was out \u2014 again.";

TEST(QuoteLock, AnOpenedQuotationIsTheBestCandidate) {
  QuoteLock lock({kKey, kOwls});
  lock.wrote("It is so:");
  EXPECT_EQ(lock.judge(" because").verdict, Verdict::pass);
  const auto judged = lock.judge(" \"I");
  ASSERT_EQ(judged.verdict, Verdict::quote);
  EXPECT_EQ(judged.text, " \"Nobody else wanted the key.\"") << "what the token had after the mark is gone";
  EXPECT_EQ(lock.judge(" \u201C").text, " \u201CNobody else wanted the key.\u201D");
  EXPECT_EQ(lock.judge(" \u201E").text, " \u201ENobody else wanted the key.\u201C");
  EXPECT_EQ(lock.judge(" \u00AB").text, " \u00ABNobody else wanted the key.\u00BB");
}

TEST(QuoteLock, EachCandidateOnceAndNotInARow) {
  QuoteLock lock({kKey, kOwls});
  lock.quoted(lock.judge("\""));
  EXPECT_EQ(lock.judge(" \"").verdict, Verdict::refuse) << "right after another";
  lock.wrote(" I went up and saw the sea.");
  const auto second = lock.judge(" \"");
  EXPECT_EQ(second.candidate, 1U);
  lock.quoted(second);
  lock.wrote(" That is all that I know about it.");
  EXPECT_EQ(lock.judge(" \"").verdict, Verdict::refuse) << "there is none left";
  EXPECT_EQ(QuoteLock({}).judge("\"").verdict, Verdict::refuse);
}

TEST(QuoteLock, ThreeQuotationsAreEnough) {
  QuoteLock lock({"one", "two", "three", "four"});
  for (int i = 0; i < QuoteLock::kMostQuotes; ++i) {
    const auto judged = lock.judge(" \"");
    ASSERT_EQ(judged.verdict, Verdict::quote) << i;
    lock.quoted(judged);
    lock.wrote(" and then some words of my own.");
  }
  EXPECT_EQ(lock.judge(" \"").verdict, Verdict::refuse);
}

TEST(QuoteLock, AMarkThatIsSplitOverTokens) {
  QuoteLock lock({kKey});
  lock.wrote("So: \xE2");
  EXPECT_EQ(lock.judge("\x80").verdict, Verdict::pass);
  lock.wrote("\x80");
  EXPECT_EQ(lock.judge("\x9D").verdict, Verdict::pass) << "a closing mark";
  EXPECT_EQ(lock.judge("\x9C").text, "\x9CNobody else wanted the key.\u201D");
  EXPECT_EQ(lock.judge("\x9CI am").text, "\x9CNobody else wanted the key.\u201D");
}

TEST(QuoteLock, ACandidateWithDialogueGetsOtherMarks) {
  QuoteLock lock({kSalt});
  EXPECT_EQ(lock.judge(" \"").text, " \u201C\"Mind the salt,\" said Todd.\u201D");
  EXPECT_EQ(lock.judge(" \u201C").text, " \u201C\"Mind the salt,\" said Todd.\u201D");
  QuoteLock both({kSalt + "\u201CNo\u201D"});
  EXPECT_TRUE(both.judge("\"").text.starts_with("\u00AB"));
  both.wrote("\xE2\x80");
  EXPECT_EQ(both.judge("\x9C").verdict, Verdict::refuse) << "its beginning is written and cannot be changed";
}

TEST(QuoteLock, ApostrophesAndMarksInsideWordsAreNoQuotations) {
  QuoteLock lock({kKey});
  lock.wrote("the owls");
  EXPECT_EQ(lock.judge("'").verdict, Verdict::pass);
  EXPECT_EQ(lock.judge("\u2019").verdict, Verdict::pass);
  EXPECT_EQ(lock.judge("\"").verdict, Verdict::refuse) << "glued to a word";
}

}  // namespace
}  // namespace gibsey::provider
