#include "chat/sentiment.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <span>
#include <string>
#include <vector>

namespace gibsey::chat {
namespace {

namespace fs = std::filesystem;

const Sentiments& sentiments() {
  static const Sentiments loaded = [] {
    const char* chosen = std::getenv("GIBSEY_CACHE");
    return Sentiments::load(fs::path(chosen != nullptr ? chosen : GIBSEY_CACHE) / "vader").value();
  }();
  return loaded;
}

struct Case {
  const char* text;
  model::Sentiment expected;  ///< compound, positive, negative, neutral, as the reference implementation gives them
};

void expect_scores(std::span<const Case> table) {
  for (const auto& [text, expected] : table) {
    const model::Sentiment found = sentiments().score(text);
    EXPECT_EQ(found.compound, expected.compound) << text;
    EXPECT_EQ(found.positive, expected.positive) << text;
    EXPECT_EQ(found.negative, expected.negative) << text;
    EXPECT_EQ(found.neutral, expected.neutral) << text;
  }
}

TEST(Sentiments, WordsCapitalsAndPunctuation) {
  expect_scores(std::vector<Case>{
      {"", {0.0, 0.0, 0.0, 0.0}},
      {" \t\n", {0.0, 0.0, 0.0, 0.0}},
      {"...", {0.0, 0.0, 0.0, 1.0}},
      {"table", {0.0, 0.0, 0.0, 1.0}},
      {"The book was good.", {0.4404, 0.492, 0.0, 0.508}},
      {"VADER is smart, handsome, and funny!!!", {0.865, 0.763, 0.0, 0.237}},
      {"VADER is VERY SMART, uber handsome, and FRIGGIN FUNNY!!!", {0.9469, 0.706, 0.0, 0.294}},
      {"GOOD", {0.4404, 1.0, 0.0, 0.0}},
      {"GOOD dog", {0.5622, 0.784, 0.0, 0.216}},
      {"good!!!!!!!", {0.6209, 1.0, 0.0, 0.0}},
      {"good?", {0.4404, 1.0, 0.0, 0.0}},
      {"good??", {0.504, 1.0, 0.0, 0.0}},
      {"good???", {0.533, 1.0, 0.0, 0.0}},
      {"good????", {0.594, 1.0, 0.0, 0.0}},
      {"abandon good !!", {0.0, 0.426, 0.426, 0.147}},
      {"fantastic terrible!", {0.2003, 0.557, 0.443, 0.0}},
      {"badass", {0.34, 1.0, 0.0, 0.0}},
      {":) and :D today", {0.7925, 0.779, 0.0, 0.221}},
      {"):", {-0.4215, 0.0, 1.0, 0.0}},
      {"a :-\u00DE", {0.0, 0.0, 0.0, 1.0}},
  });
}

TEST(Sentiments, TheWordsAround) {
  expect_scores(std::vector<Case>{
      {"Not bad at all", {0.431, 0.487, 0.0, 0.513}},
      {"It is not really bad", {0.4708, 0.434, 0.0, 0.566}},
      {"nobody here is ever not happy", {-0.4585, 0.0, 0.375, 0.625}},
      {"i can't love it", {-0.5216, 0.0, 0.529, 0.471}},
      {"I ca\u2019n\u2019t love", {0.6369, 0.677, 0.0, 0.323}},
      {"I never so loved it", {0.7899, 0.6, 0.0, 0.4}},
      {"without doubt excellent", {0.7013, 0.853, 0.0, 0.147}},
      {"It is the least good", {-0.3412, 0.0, 0.376, 0.624}},
      {"at least good", {0.4404, 0.592, 0.0, 0.408}},
      {"very least good", {0.4902, 0.614, 0.0, 0.386}},
      {"least good", {-0.3412, 0.0, 0.706, 0.294}},
      {"kind of good", {0.4404, 0.592, 0.0, 0.408}},
      {"The food was only kind of good", {0.3832, 0.303, 0.0, 0.697}},
      {"this one is just enough good", {0.3832, 0.343, 0.0, 0.657}},
      {"sort of great and sort of awful", {0.204, 0.331, 0.266, 0.403}},
      {"no good", {-0.3412, 0.0, 0.706, 0.294}},
      {"no or no fun", {-0.4614, 0.242, 0.629, 0.128}},
      {"neither fun nor good", {-0.1684, 0.303, 0.401, 0.297}},
      {"The plot was good, but the characters are dull and the dialog is not great", {-0.793, 0.089, 0.364, 0.547}},
      {"good good but good but good", {0.891, 0.853, 0.0, 0.147}},
      {"he said that bad ass won", {0.7579, 0.714, 0.0, 0.286}},
      {"my old beating heart sings", {0.3612, 0.429, 0.286, 0.286}},
      {"and then a kiss of death came", {-0.6124, 0.0, 0.5, 0.5}},
  });
}

TEST(Sentiments, CharactersBeyondAscii) {
  expect_scores(std::vector<Case>{
      {"so \U0001F601", {0.4588, 0.375, 0.0, 0.625}},
      {"great\U0001F600great", {0.765, 0.868, 0.0, 0.132}},
      {"\U0001F48B\U0001F48B", {0.6808, 0.737, 0.0, 0.263}},
      {"li\u212Ae it", {0.3612, 0.714, 0.0, 0.286}},          // the Kelvin sign is a k in lower case
      {"STRA\u00DFE is great", {0.6249, 0.672, 0.0, 0.328}},  // an eszett is no capital
      {"\u01C5OOD good", {0.4404, 0.744, 0.0, 0.256}},        // nor is a title-case letter
      {"good\u00A0bad\u2003awful", {-0.5574, 0.309, 0.691, 0.0}},
      {"good\u200Bbad", {0.0, 0.0, 0.0, 1.0}},          // a zero-width space is no white space
      {"good\u001Cbad", {-0.1531, 0.453, 0.547, 0.0}},  // a file separator is
  });
}

TEST(Sentiments, ASumThatIsNearlyNothingHasTheReferencesSign) {
  // In real numbers each sum is 0; the exclamation mark falls to the side on which rounding has left it.
  expect_scores(std::vector<Case>{
      {"awful heroines tenderometer!", {0.0752, 0.589, 0.411, 0.0}},
      {"foemen splendidness attacking!", {-0.0752, 0.418, 0.582, 0.0}},
  });
  EXPECT_FALSE(std::signbit(sentiments().score("awful heroines tenderometer").compound));
  EXPECT_TRUE(std::signbit(sentiments().score("foemen splendidness attacking").compound));
}

TEST(Sentiments, AManuscriptOfOneWordTakesNoLongerThanABlink) {
  std::string text = "but";
  while (text.size() < 64 * 1024) text += " joy";
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(sentiments().score(text).compound, 1.0);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2));
}

TEST(Sentiments, ABrokenLexiconIsNamed) {
  const fs::path folder = fs::temp_directory_path() /
                          ("gibsey-sentiment-" + std::to_string(std::chrono::steady_clock::now().time_since_epoch().count()));
  EXPECT_EQ(Sentiments::load(folder).error().code, ErrorCode::not_found);
  fs::create_directories(folder);
  std::ofstream(folder / "emoji_utf8_lexicon.txt") << "\u2605\tstar\r\n";
  const auto error_of = [&](const char* words) {
    std::ofstream(folder / "vader_lexicon.txt") << words;
    const auto loaded = Sentiments::load(folder);
    return loaded ? Error{ErrorCode::internal, "loaded"} : loaded.error();
  };
  const Error no_number = error_of("good\t1.9\t0.9\nbad\tx\n");
  EXPECT_EQ(no_number.code, ErrorCode::corrupt);
  EXPECT_NE(no_number.message.find("vader_lexicon.txt line 2"), std::string::npos) << no_number.message;
  EXPECT_EQ(error_of("good\t1.9\nbad\n").code, ErrorCode::corrupt);
  EXPECT_EQ(error_of("good\t1.9\t0.9\r\n\r\nstar\t-1\t0.9").message, "loaded") << "either kind of line end, none at the end";
  const auto loaded = Sentiments::load(folder);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->score("\u2605").negative, 1.0) << "an emoji is its name";
  fs::remove_all(folder);
}

}  // namespace
}  // namespace gibsey::chat
