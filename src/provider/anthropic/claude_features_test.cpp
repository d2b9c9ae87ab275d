#include "provider/anthropic/claude_features.hpp"

#include <gtest/gtest.h>

#include <string_view>

namespace gibsey::provider {
namespace {

struct Case {
  std::string_view model;
  bool opening;
  bool temperature;
  bool thinks_unasked;
  bool citations;
};

TEST(ClaudeFeatures, FollowTheGeneration) {
  for (const auto& [model, opening, temperature, thinks_unasked, citations] : {
           Case{"claude-3-haiku-20240307", true, true, false, false},
           Case{"claude-3-5-sonnet-latest", true, true, false, true},
           Case{"claude-3-7-sonnet-20250219", true, true, false, true},
           Case{"claude-opus-4-20250514", true, true, false, true},
           Case{"claude-opus-4-0", true, true, false, true},
           Case{"claude-opus-4-1-20250805", true, true, false, true},
           Case{"claude-sonnet-4-5-20250929", true, true, false, true},
           Case{"us.anthropic.claude-haiku-4-5-20251001-v1:0", true, true, false, true},
           Case{"anthropic/claude-3.5-sonnet", true, true, false, true},
           Case{"claude-opus-4-6", false, true, false, true},
           Case{"anthropic/claude-sonnet-4.6", false, true, false, true},
           Case{"claude-opus-4-7", false, false, false, true},
           Case{"claude-opus-4-8", false, false, false, true},
           Case{"claude-opus-5", false, false, true, true},
           Case{"claude-sonnet-5-5", false, false, true, true},
           Case{"claude-haiku-10-1", false, false, true, true},
           Case{"claude-2.1", false, true, false, false},
           Case{"claude-instant-1.2", false, true, false, false},
           Case{"claude-mythos-preview", false, true, false, false},
           Case{"claude-", false, true, false, false},
           Case{"my-model-4-5", false, true, false, false},
           Case{"", false, true, false, false},
       }) {
    const auto features = claude_features(model);
    EXPECT_EQ(features.opening, opening) << model;
    EXPECT_EQ(features.temperature, temperature) << model;
    EXPECT_EQ(features.thinks_unasked, thinks_unasked) << model;
    EXPECT_EQ(features.citations, citations) << model;
  }
}

}  // namespace
}  // namespace gibsey::provider
