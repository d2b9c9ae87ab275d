#pragma once
#include "retrieval/cosine_scale.hpp"
#include "retrieval/passage_finder.hpp"
#include "retrieval/quote_choice.hpp"
#include "retrieval/text_index.hpp"

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

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

/// invalid_argument: an empty text, a k out of range.
[[nodiscard]] Result<void> check_query(const Query& query);

/// A page as far as its place in a ranking hangs on it.
struct RankedPage {
  std::string_view id;  ///< empty for one that only stands for a gap
  std::string_view voice;
};

/// What is ranked: passages in the book's order, all of a book or some of it. The caller keeps what is referred to.
struct RankedBook {
  std::span<const RankedPage> pages;
  std::span<const std::uint32_t> page_of;  ///< passage -> page, never down; neighbours differ by one
  const std::vector<bool>& quotable;       ///< a passage: it has quote candidates
};

/// What a question's words and vector say of every passage.
struct Signals {
  TextScores scores;
  std::vector<float> cosines;  ///< empty without vectors
  std::vector<float> fused;
};

/// All three of them. `sampled` as fuse() has it.
[[nodiscard]] Signals fuse_signals(TextScores scores, std::vector<float> cosines, std::span<const std::uint32_t> page_of,
                                   const std::vector<bool>& sampled = {});

/// The best passages that anything speaks for, best first, without their quotes; some more than are quoted from, since a page may
/// come again and again. `follows_up`: the question points back to those before it.
[[nodiscard]] std::vector<RankedPassage> rank_passages(const Query& query, bool follows_up, const RankedBook& book,
                                                       const Signals& signals);

[[nodiscard]] Hit make_hit(const ChosenQuote& chosen, const model::Page& page, std::uint32_t page_number, const Signals& signals);

/// Says of `result`, whose hits are there, which search gave them and whether they are about the question. `best` are the
/// passages that may be quoted.
void judge(Retrieved& result, const Signals& signals, const CosineScale& scale, std::span<const RankedPassage> best);

}  // namespace gibsey::retrieval
