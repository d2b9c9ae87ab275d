#include "chat/personality.hpp"

#include <gtest/gtest.h>

#include <fmt/format.h>

namespace gibsey::chat {
namespace {

model::PersonalityProfile full_profile() {
  return {.signature_phrases = {"p1", "p2", "p3", "p4", "p5"},
          .distinctive_terms = {"bus", "knee"},
          .sound_descriptions = {"warm", "dry"},
          .teaching_style = "by example",
          .energy = "high",
          .formality = "casual",
          .descriptors = {"d1", "d2", "d3", "d4", "d5", "d6"},
          .explanation_approach = "from the ear",
          .uses_analogies = true,
          .audience_engagement = "asks back",
          .sound_words = {"thump"},
          .self_references = "own mistakes",
          .pacing = "quick",
          .summary = "Ada is Ada."};
}

TEST(PersonalityBlock, FiveTiers) {
  const std::string tone = " Teaching style: by example. Match their casual high tone.";
  const std::string manner = tone +
                             " Tone: d1, d2, d3, d4, d5. Explanation approach: from the ear. Use analogies when helpful."
                             " Audience engagement: asks back.";
  const std::string vocabulary =
      " Distinctive terms: bus, knee. Sound descriptions: warm, dry. Sound words: thump."
      " Self-references: own mistakes. Pacing: quick.";
  const std::string subtle = "When relevant, subtly reference Ada's communication style.";
  const std::string adopt = "Adopt Ada's tone and communication style.";
  const std::string respond = "Respond as Ada would, using their voice and manner.";
  const std::string embody = "Fully embody Ada \u2014 use their exact phrases, energy, and teaching approach.";
  const std::pair<double, std::string> table[] = {
      {0.0, ""},
      {0.1999, ""},
      {0.2, subtle + tone},
      {0.3999, subtle + tone},
      {0.4, adopt + manner},
      {0.5999, adopt + manner},
      {0.6, respond + manner + " Use their signature phrases: p1, p2, p3."},
      {0.7999, respond + manner + " Use their signature phrases: p1, p2, p3, p4."},
      {0.8, embody + manner + " Use their signature phrases: p1, p2, p3, p4." + vocabulary},
      {0.8999, embody + manner + " Use their signature phrases: p1, p2, p3, p4." + vocabulary},
      {0.9, embody + manner + " Use their signature phrases: p1, p2, p3, p4." + vocabulary + " Ada is Ada."},
      {1.0, embody + manner + " Use their signature phrases: p1, p2, p3, p4, p5." + vocabulary + " Ada is Ada."}};
  for (const auto& [weight, expected] : table) EXPECT_EQ(personality_block("Ada", full_profile(), weight), expected) << weight;
}

TEST(PersonalityBlock, ANumberOfPhrasesIsRoundedAsPythonDoes) {
  struct Case {
    double weight;
    std::size_t phrases;
    std::size_t used;
  };
  // 0.75 * 6 = 4.5 and 0.625 * 4 = 2.5 go to the even number, 0.75 * 10 = 7.5 too; two is the least.
  const Case table[] = {{0.75, 6, 4}, {0.625, 4, 2}, {0.75, 10, 8}, {0.75, 2, 2}, {0.6, 2, 2}, {0.6, 1, 1},
                        {0.6, 3, 2},  {0.7, 5, 4},   {0.9, 5, 4},   {0.95, 8, 8}, {1.0, 8, 8}};
  for (const auto& [weight, phrases, used] : table) {
    model::PersonalityProfile profile;
    std::string expected;
    for (std::size_t i = 0; i < phrases; ++i) {
      profile.signature_phrases.push_back(fmt::format("p{}", i));
      if (i < used) expected += fmt::format("{}p{}", i == 0 ? "" : ", ", i);
    }
    const std::string block = personality_block("Ada", profile, weight);
    EXPECT_NE(block.find("Use their signature phrases: " + expected + "."), std::string::npos)
        << weight << " of " << phrases << ": " << block;
  }
}

TEST(PersonalityBlock, WhatAProfileDoesNotHaveIsLeftOut) {
  EXPECT_EQ(personality_block("Ada", {}, 0.3),
            "When relevant, subtly reference Ada's communication style. Match their conversational moderate tone.");
  EXPECT_EQ(personality_block("Ada", {}, 1.0),
            "Fully embody Ada \u2014 use their exact phrases, energy, and teaching approach. Match their conversational moderate "
            "tone.");
}

}  // namespace
}  // namespace gibsey::chat
