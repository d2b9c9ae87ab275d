#include "retrieval/fusion.hpp"

#include "retrieval/vector_index.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace gibsey::retrieval {
namespace {

TEST(ZScores, AreInStandardDeviations) {
  const std::vector<float> z = z_scores(std::vector<float>{1, 2, 3});
  EXPECT_NEAR(z[0], -std::sqrt(1.5), 1e-5);
  EXPECT_NEAR(z[1], 0, 1e-5);
  EXPECT_NEAR(z[2], std::sqrt(1.5), 1e-5);
  EXPECT_EQ(z_scores(std::vector<float>{4, 4}), (std::vector<float>{0, 0}));
  EXPECT_EQ(z_scores(std::vector<float>{1, VectorIndex::kNone, 1})[1], 0);
  EXPECT_TRUE(z_scores(std::vector<float>{}).empty());
}

TEST(ChooseWeights, AnUnmarkedLineIsKnownByThePageThatLeads) {
  TextScores phrases;  // a turn of phrase that stands on many pages
  phrases.pairs = {8, 7.5f, 7, 0};
  phrases.longest_run = 6;
  TextScores line;
  line.pairs = {0, 8, 1, 0};
  line.longest_run = 3;
  const FusionWeights question = choose_weights(phrases, true);
  const FusionWeights remembered = choose_weights(line, true);
  EXPECT_GT(remembered.pairs, question.pairs);
  EXPECT_LT(remembered.vectors, question.vectors);
  EXPECT_LT(remembered.nearby, question.nearby);
  EXPECT_EQ(choose_weights(line, false).vectors, 0);
  EXPECT_FLOAT_EQ(choose_weights({}, true).pairs, question.pairs);
}

TEST(ChooseWeights, QuotationMarksMakeALineUnlessTheBookHasNoneOfIt) {
  TextScores scores;
  scores.pairs = {5, 4};
  scores.quotes_line = true;
  scores.longest_run = 2;
  const FusionWeights line = choose_weights(scores, true);
  EXPECT_EQ(line.vectors, 0);
  EXPECT_EQ(line.nearby, 0);
  scores.longest_run = 0;
  EXPECT_GT(line.pairs, choose_weights(scores, true).pairs);
  EXPECT_GT(choose_weights(scores, true).vectors, 0);
}

TEST(Fuse, ALineGoesToThePageWithItsPairsAQuestionToTheSense) {
  TextScores scores;
  scores.passages = {0, 3, 1};
  scores.pages = {0, 2};
  scores.pairs = {9, 0};
  const std::vector<std::uint32_t> page_of{0, 1, 1};
  const std::vector<float> cosines{0.1f, 0.2f, 0.9f};
  scores.quotes_line = true;
  scores.longest_run = 6;
  const auto line = fuse(scores, cosines, page_of, choose_weights(scores, true));
  EXPECT_GT(line[0], line[1]);
  scores.quotes_line = false;
  scores.pairs = {1, 1};
  const auto question = fuse(scores, cosines, page_of, choose_weights(scores, true));
  EXPECT_GT(question[2], question[0]);
  EXPECT_EQ(fuse(scores, {}, page_of, choose_weights(scores, false)).size(), 3U);
}

TEST(Fuse, OfEqualPagesTheOneAmongPagesOnTheMatterLeads) {
  TextScores scores;
  scores.passages = {4, 0, 0, 2, 4, 2, 0};
  scores.pages = scores.passages;
  scores.pairs.assign(7, 0);
  const std::vector<std::uint32_t> page_of{0, 1, 2, 3, 4, 5, 6};
  const FusionWeights weights = choose_weights(scores, false);
  const auto fused = fuse(scores, {}, page_of, weights);
  EXPECT_GT(fused[4], fused[0]);
  EXPECT_GT(fused[0], fused[3]) << "a page's own words count more than its neighbours'";
  FusionWeights alone = weights;
  alone.nearby = 0;
  EXPECT_FLOAT_EQ(fuse(scores, {}, page_of, alone)[4], fuse(scores, {}, page_of, alone)[0]);
}

TEST(Fuse, TheNextPageCountsMoreThanTheNextButOneAndOnesBeyondNothing) {
  TextScores scores;
  scores.passages = {0, 0, 0, 5, 0, 0, 0};
  scores.pages = scores.passages;
  scores.pairs.assign(7, 0);
  const FusionWeights weights = choose_weights(scores, false);
  const auto fused = fuse(scores, {}, std::vector<std::uint32_t>{0, 1, 2, 3, 4, 5, 6}, weights);
  EXPECT_GT(fused[2], fused[1]);
  EXPECT_GT(fused[1], fused[0]);
  EXPECT_GT(fused[4], fused[5]);
  scores.passages = {5, 0, 0};
  scores.pages = {5, 0, 0, 0, 0};
  scores.pairs.assign(5, 0);
  const auto apart = fuse(scores, {}, std::vector<std::uint32_t>{0, 3, 4}, weights);
  EXPECT_LE(apart[1], 0) << "two numbers free: no neighbours";
}

TEST(Fuse, OfTheRightPageThePassageWithTheLineLeads) {
  TextScores scores;
  scores.passages = {1, 1, 0};
  scores.pages = {2, 0};
  scores.pairs = {9, 0};
  scores.passage_pairs = {0, 9, 0};
  scores.quotes_line = true;
  scores.longest_run = 4;
  const auto fused = fuse(scores, {}, std::vector<std::uint32_t>{0, 0, 1}, choose_weights(scores, false));
  EXPECT_GT(fused[1], fused[0]);
  EXPECT_GT(fused[0], fused[2]);
}

TEST(Fuse, TheScaleOfTheCosinesDoesNotMatter) {
  TextScores scores;
  scores.passages = {0, 3, 1};
  scores.pages = {0, 2};
  scores.pairs = {1, 1};
  const std::vector<std::uint32_t> page_of{0, 1, 1};
  const auto fused = fuse(scores, std::vector<float>{0.1f, 0.2f, 0.9f}, page_of, choose_weights(scores, true));
  const auto raised = fuse(scores, std::vector<float>{0.64f, 0.68f, 0.96f}, page_of, choose_weights(scores, true));
  for (std::size_t i = 0; i < fused.size(); ++i) EXPECT_NEAR(fused[i], raised[i], 1e-4);
}

TEST(Fuse, NothingAskedIsNoTrouble) {
  TextScores scores;
  scores.passages = {0, 0};
  scores.pages = {0};
  scores.pairs = {0};
  const auto fused = fuse(scores, {}, std::vector<std::uint32_t>{0, 0}, choose_weights(scores, false));
  EXPECT_EQ(fused, (std::vector<float>{0, 0}));
  EXPECT_TRUE(fuse({}, {}, {}, choose_weights({}, false)).empty());
}

}  // namespace
}  // namespace gibsey::retrieval
