#pragma once
#include "model/character.hpp"

#include <string>
#include <utility>
#include <vector>

namespace gibsey::store::testing {

/// A character in which every field is set but `world`, and `aliases` unless they are given.
inline model::Character sample_character(const std::string& id, std::vector<std::string> aliases = {}) {
  return {.world = "",
          .id = id,
          .aliases = std::move(aliases),
          .display_name = "Name of " + id,
          .color_hex = "#5F9EA0",
          .tone = "calm",
          .blurb = "a blurb",
          .greeting = "Hello",
          .system_prompt = "You are " + id,
          .samples = {{.user = "Why?", .reply = "Because."}, {.user = "How?", .reply = "Slowly \u2014 by hand."}},
          .lead_ins = {"I climbed because"},
          .unknown = {"The tower does not say.", "Ask the fox."},
          .personality = model::PersonalityProfile{.signature_phrases = {"as it were"},
                                                   .distinctive_terms = {"stair"},
                                                   .sound_descriptions = {"a low hum"},
                                                   .teaching_style = "by example",
                                                   .energy = "high",
                                                   .formality = "formal",
                                                   .descriptors = {"dry", "kind"},
                                                   .explanation_approach = "from the ground up",
                                                   .uses_analogies = true,
                                                   .audience_engagement = "asks back",
                                                   .sound_words = {"hoo"},
                                                   .self_references = "we owls",
                                                   .pacing = "slow",
                                                   .summary = "an owl"},
          .owner = "u1",
          .voice_id = "v1",
          .appearance_seed = "a1",
          .created = 1000,
          .updated = 2000};
}

}  // namespace gibsey::store::testing
