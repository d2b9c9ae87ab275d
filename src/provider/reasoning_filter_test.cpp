#include "provider/reasoning_filter.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace gibsey::provider {
namespace {

struct Outcome {
  std::string shown;
  std::size_t hidden = 0;
  bool inside = false;
  bool leaked = false;
  bool operator==(const Outcome&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Outcome& outcome) {
  return out << '"' << outcome.shown << "\" hidden " << outcome.hidden << (outcome.inside ? " inside" : "")
             << (outcome.leaked ? " leaked" : "");
}

Outcome read(const std::vector<std::string>& pieces, bool begins_inside = false) {
  ReasoningFilter filter(begins_inside);
  Outcome outcome;
  for (const auto& piece : pieces) outcome.shown += filter.add(piece);
  outcome.inside = filter.inside();
  outcome.shown += filter.finish();
  outcome.hidden = filter.characters();
  outcome.leaked = filter.leaked();
  return outcome;
}

/// The text cut at every two places, and into single bytes.
std::vector<std::vector<std::string>> splits_of(const std::string& text) {
  std::vector<std::vector<std::string>> splits(1);
  for (const char byte : text) splits[0].emplace_back(1, byte);
  for (std::size_t a = 0; a <= text.size(); ++a) {
    for (std::size_t b = a; b <= text.size(); ++b) splits.push_back({text.substr(0, a), text.substr(a, b - a), text.substr(b)});
  }
  return splits;
}

struct Case {
  std::string text;
  Outcome expected;
  bool begins_inside = false;
};

TEST(ReasoningFilter, ReadsTheSameWhateverTheCut) {
  const std::vector<Case> cases = {
      {"Plain text.", {"Plain text."}},
      {"", {""}},
      {"<think>hmm</think>\n\nYes.", {"Yes.", 3}},
      {"\n<think>hmm</think>Yes.", {"\nYes.", 3}},
      {"<THINK>hmm</Think>Yes.", {"Yes.", 3}},
      {"<thinking>a</thinking><reasoning>b\u00e9</reasoning> Yes.", {"Yes.", 3}},
      {"Well. <think>x</think> Yes.", {"Well. Yes.", 1}},
      {"Well.<think>x</think> Yes.", {"Well.<think>xYes.", 0, false, true}},
      {"<think></think>Yes.", {"Yes."}},
      {"<think>never closed \u65e5\u672c", {"", 15, true}},
      {"Well. <think>never </closed", {"Well. ", 14, true}},
      {"<think>a < b, </thin k> and </thinking></think>Yes.", {"Yes.", 32}},
      {"<think>a<think>b</think>Yes.", {"Yes.", 9}},
      {"<thinker> and <think", {"<thinker> and <think"}},
      {"1 < 2 <b>bold</b> <", {"1 < 2 <b>bold</b> <"}},
      {"a <<think>b", {"a <<think>b"}},
      {"\u00ab<think>\u00bb", {"\u00ab<think>\u00bb"}},
      {"so it is so.</think>\nYes.", {"so it is so.Yes.", 0, false, true}},
      {"\n</think>\n\nYes.", {"\nYes."}},
      {"</think>Yes.", {"Yes."}},
      {"so it is so.</think>\nYes.", {"Yes.", 12}, true},
      {"<think>so</think>\nYes.", {"Yes.", 9}, true},
      {"no tag at all", {"", 13, true}, true},
  };
  for (const auto& [text, expected, begins_inside] : cases) {
    for (const auto& pieces : splits_of(text)) {
      const auto outcome = read(pieces, begins_inside);
      ASSERT_EQ(outcome, expected) << "of " << text << " cut after " << pieces[0] << " and " << pieces[1];
    }
  }
}

TEST(ReasoningFilter, HoldsBackNoMoreThanATagNeeds) {
  ReasoningFilter filter;
  EXPECT_EQ(filter.add("Well <"), "Well ");
  EXPECT_EQ(filter.add("th"), "");
  EXPECT_EQ(filter.add("e"), "<the");
  EXPECT_EQ(filter.add("<t"), "<t");
  EXPECT_EQ(filter.add(" <reasonin"), " ");
  EXPECT_EQ(filter.finish(), "<reasonin");
}

TEST(ReasoningFilter, KeepsNothingOfALongThought) {
  ReasoningFilter filter;
  EXPECT_EQ(filter.add("<think>"), "");
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(filter.add(std::string(1000, '<')), "");
  EXPECT_TRUE(filter.inside());
  EXPECT_EQ(filter.add("</think>Yes"), "Yes");
  EXPECT_EQ(filter.characters(), 1'000'000U);
  EXPECT_FALSE(filter.inside());
}

}  // namespace
}  // namespace gibsey::provider
