#include "retrieval/text_index.hpp"

#include "retrieval/chunks.hpp"
#include "retrieval/vector_index.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace gibsey::retrieval {
namespace {

std::vector<model::PageContent> book(const std::vector<std::string>& texts) {
  std::vector<model::PageContent> contents;
  for (const std::string& text : texts) {
    model::PageContent content;
    content.page.id = std::to_string(contents.size() + 1);
    content.page.text = text;
    Chunks chunks = cut_page(content.page, "en");
    content.passages = std::move(chunks.passages);
    content.quotes = std::move(chunks.quotes);
    contents.push_back(std::move(content));
  }
  return contents;
}

std::size_t best(const std::vector<float>& scores) {
  return static_cast<std::size_t>(std::ranges::max_element(scores) - scores.begin());
}

TEST(TextIndex, RanksByStemsWithoutStopWords) {
  const TextIndex index(book({"The owl slept on the shelf.", "Nobody climbs this tower.", "What of the sea and the salt?"}),
                        "en");
  const TextScores scores = index.score("Why did she climb the towers?");
  EXPECT_EQ(best(scores.pages), 1U);
  EXPECT_EQ(best(scores.passages), 1U);
  EXPECT_EQ(scores.passages[0], 0);
  EXPECT_FLOAT_EQ(scores.coverage[1], 1);
  EXPECT_EQ(scores.content_words, 2);
  EXPECT_EQ(scores.known_content_words, 2);
}

TEST(TextIndex, AWordThatTheBookLacksLowersTheCoverage) {
  const TextIndex index(book({"The owl slept.", "The tower fell."}), "en");
  const TextScores scores = index.score("tower spaceship");
  EXPECT_GT(scores.coverage[1], 0.0f);
  EXPECT_LT(scores.coverage[1], 0.6f);
  EXPECT_EQ(scores.known_content_words, 1);
}

TEST(TextIndex, AdjacentWordsFindTheHalfRememberedLine) {
  const TextIndex index(
      book({"We were at the end of it, and he was not there.", "At the sea the end was near, of course.", "And it was so."}),
      "en");
  const TextScores scores = index.score("something like \"at the end of it and\"");
  EXPECT_EQ(best(scores.pairs), 0U);
  EXPECT_EQ(scores.longest_run, 5);
  EXPECT_TRUE(scores.quotes_line);
  EXPECT_EQ(scores.pairs_asked, 5);
  EXPECT_EQ(scores.pairs[2], 0);
}

TEST(QuotedLine, IsTheLongestOfThreeWordsOrMore) {
  EXPECT_EQ(quoted_line("who says \"so be it\" and \"so be it then\"?"), "so be it then");
  EXPECT_EQ(quoted_line("who says “so be it” there?"), "so be it");
  EXPECT_EQ(quoted_line("the \"big\" one"), "");
  EXPECT_EQ(quoted_line("an \"open line without an end"), "");
}

TEST(TextIndex, AnEmptyBookAnswersNothing) {
  const TextIndex index({}, "en");
  EXPECT_TRUE(index.score("anything").passages.empty());
}

TEST(VectorIndex, GivesCosinesAndLeavesOutWhatHasNone) {
  const auto contents = book({"One page.", "Two pages.", "Three."});
  const std::vector<model::PassageVector> vectors{
      {"3", 0, {0, 1}}, {"1", 0, {1, 0}}, {"9", 0, {1, 0}}, {"2", 0, {1, 0, 0}}, {"1", 4, {1, 0}}};
  const VectorIndex index(contents, vectors);
  EXPECT_EQ(index.size(), 2U);
  EXPECT_EQ(index.score(std::vector<float>{0.6f, 0.8f}), (std::vector<float>{0.6f, VectorIndex::kNone, 0.8f}));
  EXPECT_TRUE(index.score(std::vector<float>{1, 0, 0}).empty());
}

}  // namespace
}  // namespace gibsey::retrieval
