#pragma once
#include "retrieval/cosine_scale.hpp"
#include "retrieval/quote_choice.hpp"
#include "retrieval/text_index.hpp"

#include <span>
#include <string_view>

namespace gibsey::retrieval {

// What a page in the asked character's voice, or the page that lies open, is ahead, as a share of the best passage's score (which
// is 3 for a vague question and 15 for one with names). Tried on the bundled world: with less, a character asked "why did you"
// quotes the others' accounts of its own deeds.
constexpr float kVoiceBonus = 0.10f;
constexpr float kAddressedBonus = 0.30f;
constexpr float kOpenPageBonus = 0.10f;
constexpr float kBesideOpenPageBonus = 0.05f;
// The same for pages quoted just before and those beside them, where the question points back.
constexpr float kEarlierPageBonus = 0.15f;

/// "Why did you climb the tower?" asks for the character's own account.
[[nodiscard]] bool addresses_the_character(std::string_view text);

/// Whether the best passages are about the question at all; `cosines` is empty without vectors.
[[nodiscard]] bool is_about_book(const TextScores& scores, std::span<const float> cosines, const CosineScale& scale,
                                 std::span<const RankedPassage> best);

}  // namespace gibsey::retrieval
