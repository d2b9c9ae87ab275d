#include "chat/tone.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace gibsey::chat {
namespace {

struct Case {
  double compound;
  ToneValues base;
  ToneValues expected;
};

void expect_tone(const Case& given, const ToneSteps& steps) {
  const ToneValues used = tone_for({.compound = given.compound}, given.base, steps);
  EXPECT_DOUBLE_EQ(used.temperature, given.expected.temperature)
      << "compound " << given.compound << ", base " << given.base.temperature;
  EXPECT_DOUBLE_EQ(used.top_p, given.expected.top_p) << "compound " << given.compound << ", base " << given.base.top_p;
}

TEST(Tone, ByTable) {
  const Case table[] = {
      {0.0, {0.7, 0.9}, {0.7, 0.9}},
      {0.5, {0.7, 0.9}, {0.7, 0.9}},  // the bounds themselves are neutral
      {-0.3, {0.7, 0.9}, {0.7, 0.9}},
      {std::nextafter(0.5, 1.0), {0.7, 0.9}, {0.9, 0.95}},
      {std::nextafter(-0.3, -1.0), {0.7, 0.9}, {0.5, 0.8}},
      {0.5001, {0.7, 0.9}, {0.9, 0.95}},
      {-0.3001, {0.7, 0.9}, {0.5, 0.8}},
      {1.0, {0.7, 0.9}, {0.9, 0.95}},
      {-1.0, {0.7, 0.9}, {0.5, 0.8}},
      {0.9, {0.8, 0.95}, {1.0, 1.0}},   // exactly at the upper ends
      {0.9, {0.9, 0.99}, {1.0, 1.0}},   // over them
      {0.9, {1.3, 1.0}, {1.0, 1.0}},    // a base that is higher than a glad reply may be
      {-0.9, {0.5, 0.8}, {0.3, 0.7}},   // exactly at the lower ends
      {-0.9, {0.4, 0.75}, {0.3, 0.7}},  // under them
      {-0.9, {0.0, 0.1}, {0.3, 0.7}},   // a base that is lower than they are
      {0.2, {1.7, 0.05}, {1.7, 0.05}},  // a neutral mood leaves any base as it is
  };
  for (const Case& given : table) expect_tone(given, {});
}

TEST(Tone, StepsAndBoundsAreThoseGiven) {
  const ToneSteps steps{.glad_above = 0.1,
                        .glad_temperature = 0.4,
                        .glad_top_p = 0.02,
                        .most_temperature = 1.5,
                        .most_top_p = 0.93,
                        .low_below = -0.1,
                        .low_temperature = 0.1,
                        .low_top_p = 0.4,
                        .least_temperature = 0.0,
                        .least_top_p = 0.6};
  const Case table[] = {{0.1, {0.7, 0.9}, {0.7, 0.9}},  {0.11, {0.7, 0.9}, {1.1, 0.92}}, {0.11, {1.3, 0.92}, {1.5, 0.93}},
                        {-0.1, {0.7, 0.9}, {0.7, 0.9}}, {-0.11, {0.7, 0.9}, {0.6, 0.6}}, {-0.11, {0.05, 0.99}, {0.0, 0.6}}};
  for (const Case& given : table) expect_tone(given, steps);
}

}  // namespace
}  // namespace gibsey::chat
