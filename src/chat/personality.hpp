#pragma once
#include "model/personality.hpp"

#include <string>
#include <string_view>

namespace gibsey::chat {

/// The part of a system prompt that lends a creator's voice to an answer, in five tiers by `weight` (seed 002,
/// `_build_personality_block`): nothing below 0.2; from 0.2 the tone; from 0.4 descriptors and manner of explaining; from 0.6
/// `weight` of the signature phrases, at least two; from 0.8 terms, sounds, self-references and pacing; from 0.9 the summary.
/// `weight` is 0 to 1. Pure.
[[nodiscard]] std::string personality_block(std::string_view creator_name, const model::PersonalityProfile& profile,
                                            double weight);

}  // namespace gibsey::chat
