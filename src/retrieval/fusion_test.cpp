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

TEST(ChooseWeights, FollowTheKindOfQuestion) {
  struct Row {
    int run;
    bool vectors;
    bool pairs_lead;
  };
  for (const Row row : {Row{0, true, false}, Row{2, true, false}, Row{5, true, true}, Row{9, true, true}, Row{9, false, true}}) {
    TextScores scores;
    scores.longest_run = row.run;
    const FusionWeights weights = choose_weights(scores, row.vectors);
    EXPECT_EQ(weights.pairs > weights.passages + weights.vectors, row.pairs_lead) << row.run;
    if (!row.vectors) EXPECT_EQ(weights.vectors, 0);
  }
}

TEST(ChooseWeights, KnowALineByItsMarksOrByItsShareOfTheQuestion) {
  TextScores scores;
  scores.longest_run = 2;
  scores.pairs_asked = 10;
  const FusionWeights question = choose_weights(scores, true);
  scores.pairs_asked = 3;
  EXPECT_GT(choose_weights(scores, true).pairs, question.pairs);
  scores.pairs_asked = 10;
  scores.quotes_line = true;
  EXPECT_GT(choose_weights(scores, true).pairs, question.pairs);
  scores.longest_run = 0;  // the book has none of what is quoted
  EXPECT_FLOAT_EQ(choose_weights(scores, true).pairs, question.pairs);
}

TEST(Fuse, ALineGoesToThePageWithItsPairsAQuestionToTheSense) {
  TextScores scores;
  scores.passages = {0, 3, 1};
  scores.pages = {0, 2};
  scores.pairs = {9, 0};
  const std::vector<std::uint32_t> page_of{0, 1, 1};
  const std::vector<float> cosines{0.1f, 0.2f, 0.9f};
  scores.longest_run = 6;
  const auto line = fuse(scores, cosines, page_of, choose_weights(scores, true));
  EXPECT_GT(line[0], line[1]);
  scores.longest_run = 0;
  const auto question = fuse(scores, cosines, page_of, choose_weights(scores, true));
  EXPECT_GT(question[2], question[0]);
  EXPECT_EQ(fuse(scores, {}, page_of, choose_weights(scores, false)).size(), 3U);
}

}  // namespace
}  // namespace gibsey::retrieval
