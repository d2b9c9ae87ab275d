#include "chat/citation_check.hpp"

#include <gtest/gtest.h>

namespace gibsey::chat {
namespace {

struct Case {
  const char* text;
  const char* expected;
  int wrong;
};

TEST(CitationCheck, LetsOnlyWhatResolvesThroughHoweverTheTextIsCut) {
  const Case table[] = {
      {"It does [2]. So.", "It does [2]. So.", 0},
      {"It does [7]. So.", "It does. So.", 1},
      {"Both [1, 9] and [2-3].", "Both [1] and [2, 3].", 1},
      {"None [0] [-1] [99999999999999].", "None [-1].", 2},
      {"Two [1][4][2] there", "Two [1][2] there", 1},
      {"A note [sic] and a [list", "A note [sic] and a [list", 0},
      {"Cut off [1", "Cut off", 1},
      {"[5] first", " first", 1},
      {"[2] first", "[2] first", 0},
      {"Range [2-9].", "Range [2, 3].", 1},
      {"An [] empty one", "An [] empty one", 0},
  };
  for (const auto& row : table) {
    const std::string_view text = row.text;
    for (std::size_t cut = 1; cut <= text.size(); ++cut) {
      CitationCheck check(3);
      std::string seen;
      const auto read = [&seen](const std::vector<CheckedPiece>& pieces) {
        for (const auto& piece : pieces) seen += std::get<model::TokenText>(piece).text;
      };
      for (std::size_t at = 0; at < text.size(); at += cut) read(check.feed(text.substr(at, cut)));
      read(check.finish());
      EXPECT_EQ(seen, row.expected) << row.text << " in pieces of " << cut;
      EXPECT_EQ(check.reply(), seen);
      EXPECT_EQ(check.false_citations(), row.wrong) << row.text;
    }
  }
}

TEST(CitationCheck, KnowsWhatWasCited) {
  CitationCheck check(5);
  (void)check.feed("As [4] says, and [2], and [4] again [1-2].");
  (void)check.finish();
  EXPECT_EQ(check.cited(), (std::vector<int>{4, 2, 1}));
}

}  // namespace
}  // namespace gibsey::chat
