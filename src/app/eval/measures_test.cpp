#include "app/eval/measures.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace gibsey::app {
namespace {

TEST(ScoreRanking, GainsAreDiscountedByPlaceAndSharedByTheIdeal) {
  const std::vector<std::string> ranking{"a", "b", "c"};
  const RankingScore second = score_ranking(ranking, {{"b", 1}});
  EXPECT_NEAR(second.ndcg, 1 / std::log2(3.0), 1e-12);
  EXPECT_EQ(second.recall, 1);
  EXPECT_EQ(second.first, 0);
  const RankingScore half = score_ranking(ranking, {{"a", 1}, {"z", 1}});
  EXPECT_NEAR(half.ndcg, 1 / (1 + 1 / std::log2(3.0)), 1e-12);
  EXPECT_EQ(half.recall, 0.5);
  EXPECT_EQ(half.first, 1);
  EXPECT_EQ(score_ranking({}, {{"a", 1}}).ndcg, 0);
}

TEST(ScoreRanking, AHigherGradeWantsTheHigherPlace) {
  const std::map<std::string, int> relevant{{"a", 1}, {"b", 3}};
  EXPECT_EQ(score_ranking(std::vector<std::string>{"b", "a"}, relevant).ndcg, 1);
  EXPECT_LT(score_ranking(std::vector<std::string>{"a", "b"}, relevant).ndcg, 0.9);
}

TEST(ScoreRanking, OnlyTheFirstTenCount) {
  std::vector<std::string> ranking(10, "other");
  ranking.push_back("a");
  EXPECT_EQ(score_ranking(ranking, {{"a", 1}}).ndcg, 0);
  EXPECT_EQ(score_ranking(ranking, {{"a", 1}}).recall, 0);
}

TEST(BootstrapDifference, TellsADifferenceFromNoise) {
  std::vector<double> better;
  std::vector<double> worse;
  std::vector<double> noisy;
  for (int i = 0; i < 200; ++i) {
    worse.push_back((i * 7919) % 100 / 100.0);
    better.push_back(worse.back() + 0.05);
    noisy.push_back(worse.back() + (i % 2 == 0 ? 0.5 : -0.5) * (1 + i / 2000.0));
  }
  const Interval plain = bootstrap_difference(better, worse, 1);
  EXPECT_NEAR(plain.mean, 0.05, 1e-9);
  EXPECT_NEAR(plain.low, 0.05, 1e-9) << "the questions are paired: what they share in difficulty is no noise";
  const Interval noise = bootstrap_difference(noisy, worse, 1);
  EXPECT_LT(noise.low, 0);
  EXPECT_GT(noise.high, 0);
  // 0.5 / sqrt(200) is the deviation of such a mean; an interval of 95 % is 3.92 of them wide.
  EXPECT_NEAR(noise.high - noise.low, 3.92 * 0.5 / std::sqrt(200.0), 0.02);
  const Interval again = bootstrap_difference(noisy, worse, 1);
  EXPECT_EQ(noise.low, again.low);
  const Interval other = bootstrap_difference(noisy, worse, 2);
  EXPECT_TRUE(noise.low != other.low || noise.high != other.high);
  EXPECT_EQ(bootstrap_difference({}, {}, 1).mean, 0);
}

}  // namespace
}  // namespace gibsey::app
