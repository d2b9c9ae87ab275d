#include "provider/llama/thread_choice.hpp"

#include <gtest/gtest.h>

namespace gibsey::provider {
namespace {

using std::chrono::milliseconds;

class ThreadChoiceTest : public ::testing::Test {
 protected:
  /// Evaluations of 10 ms in which the threads got `share` of the time they asked for.
  static void evaluate(ThreadChoice& choice, ThreadChoice::TimePoint& now, int times, double share, int others) {
    for (int i = 0; i < times; ++i) {
      choice.before(now, others);
      now += milliseconds(10);
      choice.after(now, 0.010, 0.010 * choice.threads() * share);
    }
  }
  ThreadChoice::TimePoint now_ = std::chrono::steady_clock::now();
};

TEST_F(ThreadChoiceTest, TakesAllWhileTheyRun) {
  ThreadChoice choice(2, 2);
  evaluate(choice, now_, 200, 0.97, 0);
  EXPECT_EQ(choice.threads(), 2);
}

TEST_F(ThreadChoiceTest, GivesOneUpAtOnceWhenAProcessorIsTaken) {
  ThreadChoice choice(2, 2);
  evaluate(choice, now_, 5, 1, 0);
  evaluate(choice, now_, 1, 0.5, 2);
  EXPECT_EQ(choice.threads(), 1);
}

TEST_F(ThreadChoiceTest, TheLoadDecidesAtTheStartAndAfterAPause) {
  ThreadChoice choice(2, 2);
  choice.before(now_, 3);
  EXPECT_EQ(choice.threads(), 1);
  evaluate(choice, now_, 1, 1, 3);
  now_ += std::chrono::seconds(2);
  choice.before(now_, 0);
  EXPECT_EQ(choice.threads(), 2);
  evaluate(choice, now_, 1, 1, 0);
  choice.before(now_, 3);
  EXPECT_EQ(choice.threads(), 2) << "one look at the load says little while the threads get their time";
}

TEST_F(ThreadChoiceTest, OneShortDisturbanceCostsNothing) {
  ThreadChoice choice(2, 2);
  evaluate(choice, now_, 1, 0.75, 0);
  evaluate(choice, now_, 1, 0.98, 0);
  EXPECT_EQ(choice.threads(), 2);
}

TEST_F(ThreadChoiceTest, TakesItAgainWhenTheProcessorIsFree) {
  ThreadChoice choice(2, 2);
  evaluate(choice, now_, 1, 1, 0);
  evaluate(choice, now_, 1, 0.3, 2);
  evaluate(choice, now_, 50, 1, 1);
  EXPECT_EQ(choice.threads(), 1) << "the other still runs";
  evaluate(choice, now_, 50, 1, 0);
  EXPECT_EQ(choice.threads(), 2);
}

TEST_F(ThreadChoiceTest, TriesBecomeRareOnABusyMachine) {
  ThreadChoice choice(2, 2);
  int tries = 0;
  // The load seen is too low each time, as in a container with a quota: only the measurement tells.
  for (int i = 0; i < 2000; ++i) {
    choice.before(now_, 0);
    if (choice.threads() == 2) ++tries;
    now_ += milliseconds(10);
    choice.after(now_, 0.010, 0.010 * choice.threads() * 0.5);
  }
  EXPECT_GE(tries, 3);
  EXPECT_LE(tries, 12);
}

TEST_F(ThreadChoiceTest, ManyProcessorsAreGivenUpInProportion) {
  ThreadChoice choice(16, 16);
  evaluate(choice, now_, 1, 1, 0);
  evaluate(choice, now_, 1, 0.5, 8);
  EXPECT_EQ(choice.threads(), 12);
  evaluate(choice, now_, 100, 1, 2);
  EXPECT_EQ(choice.threads(), 14);
}

}  // namespace
}  // namespace gibsey::provider
