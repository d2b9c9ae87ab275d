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
};

TEST(ClaudeFeatures, FollowTheGeneration) {
  for (const auto& [model, opening, temperature, thinks_unasked] : {
           Case{"claude-3-haiku-20240307", true, true, false},
           Case{"claude-3-5-sonnet-latest", true, true, false},
           Case{"claude-3-7-sonnet-20250219", true, true, false},
           Case{"claude-opus-4-20250514", true, true, false},
           Case{"claude-opus-4-0", true, true, false},
           Case{"claude-opus-4-1-20250805", true, true, false},
           Case{"claude-sonnet-4-5-20250929", true, true, false},
           Case{"us.anthropic.claude-haiku-4-5-20251001-v1:0", true, true, false},
           Case{"anthropic/claude-3.5-sonnet", true, true, false},
           Case{"claude-opus-4-6", false, true, false},
           Case{"anthropic/claude-sonnet-4.6", false, true, false},
           Case{"claude-opus-4-7", false, false, false},
           Case{"claude-opus-4-8", false, false, false},
           Case{"claude-opus-5", false, false, true},
           Case{"claude-sonnet-5-5", false, false, true},
           Case{"claude-haiku-10-1", false, false, true},
           Case{"claude-2.1", false, true, false},
           Case{"claude-instant-1.2", false, true, false},
           Case{"claude-mythos-preview", false, true, false},
           Case{"claude-", false, true, false},
           Case{"my-model-4-5", false, true, false},
           Case{"", false, true, false},
       }) {
    const auto features = claude_features(model);
    EXPECT_EQ(features.opening, opening) << model;
    EXPECT_EQ(features.temperature, temperature) << model;
    EXPECT_EQ(features.thinks_unasked, thinks_unasked) << model;
  }
}

}  // namespace
}  // namespace gibsey::provider
