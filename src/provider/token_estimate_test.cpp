#include "provider/token_estimate.hpp"

#include <gtest/gtest.h>

namespace gibsey::provider {
namespace {

TEST(TokenEstimate, BeginsWithFourBytesAToken) {
  const TokenEstimate estimate;
  EXPECT_EQ(estimate.count(""), 0);
  EXPECT_EQ(estimate.count("a"), 1);
  EXPECT_EQ(estimate.count(std::string(400, 'a')), 100);
}

TEST(TokenEstimate, LearnsFromWhatServersCount) {
  TokenEstimate estimate;
  for (int i = 0; i < 40; ++i) estimate.learn(3000, 1000);
  EXPECT_NEAR(estimate.bytes_per_token(), 3.0, 1e-6);
  EXPECT_EQ(estimate.count(std::string(300, 'a')), 100);
}

TEST(TokenEstimate, ASingleOddAnswerMovesItLittleOnceMuchIsKnown) {
  TokenEstimate estimate;
  for (int i = 0; i < 40; ++i) estimate.learn(4000, 1000);
  estimate.learn(6000, 1000);
  EXPECT_NEAR(estimate.bytes_per_token(), 4.0 + 2.0 / 16, 1e-6);
}

TEST(TokenEstimate, DoesNotBelieveWhatCannotBe) {
  TokenEstimate estimate;
  estimate.learn(199, 10);
  estimate.learn(1000, 0);
  estimate.learn(1000, -5);
  estimate.learn(1000, 2000);
  estimate.learn(6100, 1000);
  EXPECT_EQ(estimate.bytes_per_token(), 4.0);
}

}  // namespace
}  // namespace gibsey::provider
