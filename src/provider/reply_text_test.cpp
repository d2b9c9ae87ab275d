#include "provider/reply_text.hpp"

#include <gtest/gtest.h>

namespace gibsey::provider {
namespace {

std::string byte_by_byte(ReplyText& text, const std::string& bytes) {
  std::string out;
  for (const char byte : bytes) out += text.add(std::string_view(&byte, 1));
  return out + text.finish();
}

TEST(ReplyText, PassesPlainTextOnAtOnce) {
  ReplyText text({});
  EXPECT_EQ(text.add("The tower"), "The tower");
  EXPECT_EQ(text.add(" stood."), " stood.");
  EXPECT_FALSE(text.stopped());
}

TEST(ReplyText, HoldsBackHalfACharacter) {
  ReplyText text({});
  EXPECT_EQ(text.add("caf\xC3"), "caf");
  EXPECT_EQ(text.add("\xA9"), "\xC3\xA9");
  EXPECT_EQ(text.add("\xE2\x80"), "");
  EXPECT_EQ(text.finish(), "");
}

TEST(ReplyText, ReplacesBytesThatAreNoText) {
  ReplyText text({});
  EXPECT_EQ(text.add("a\xFF"
                     "b"),
            "a\xEF\xBF\xBD"
            "b");
}

TEST(ReplyText, EndsBeforeTheFirstStopString) {
  ReplyText text({"\nReader:", "###"});
  EXPECT_EQ(byte_by_byte(text, "I climbed.\nReader: why? ###"), "I climbed.");
  EXPECT_TRUE(text.stopped());
  EXPECT_EQ(text.add("more"), "");
}

TEST(ReplyText, TheEarliestOfSeveralCounts) {
  ReplyText text({"tower", "the"});
  EXPECT_EQ(text.add("in the tower"), "in ");
}

TEST(ReplyText, GivesOutWhatOnlyLookedLikeAStop) {
  ReplyText text({"abcd"});
  EXPECT_EQ(text.add("xab"), "x");
  EXPECT_EQ(text.add("c"), "");
  EXPECT_EQ(text.add("abcx"), "abcabcx");
  EXPECT_EQ(text.add("ab"), "");
  EXPECT_EQ(text.finish(), "ab");
  EXPECT_FALSE(text.stopped());
}

TEST(ReplyText, AStopStringMayBeginInsideAnother) {
  ReplyText text({"aab"});
  EXPECT_EQ(byte_by_byte(text, "aaab"), "a");
  EXPECT_TRUE(text.stopped());
}

TEST(ReplyText, AStopOfSeveralBytesACharacter) {
  ReplyText text({"\xE2\x80\x9D"});
  EXPECT_EQ(byte_by_byte(text, "so\xE2\x80\x9C he\xE2\x80\x9D said"), "so\xE2\x80\x9C he");
}

TEST(ReplyText, HalfACharacterBeforeAStopIsReplacedWhateverTheCut) {
  for (const std::size_t cut : {1U, 2U, 3U, 4U, 5U}) {
    const std::string_view bytes = "a\xE2\x80STOP";
    ReplyText text({"STOP"});
    std::string told = text.add(bytes.substr(0, cut));
    told += text.add(bytes.substr(cut));
    told += text.finish();
    EXPECT_EQ(told, "a\uFFFD\uFFFD") << cut;
  }
}

TEST(ReplyText, AnEmptyStopStringStopsNothing) {
  ReplyText text({""});
  EXPECT_EQ(text.add("text"), "text");
}

}  // namespace
}  // namespace gibsey::provider
