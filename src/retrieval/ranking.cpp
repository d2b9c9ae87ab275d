#include "retrieval/ranking.hpp"

#include "retrieval/fusion.hpp"
#include "retrieval/vector_index.hpp"
#include "retrieval/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

namespace gibsey::retrieval {
namespace {

// The bar. A question is held to be about the book when one of the three best passages holds most of what it names (by idf), or
// is close in meaning, or both to a lesser degree; or when a line of it stands in the book. Share of questions that pass, asked
// of their own book / of another one (`gibsey eval retrieval`, all-MiniLM-L6-v2; by these the numbers were chosen):
// fairytaleqa_dev 0.978 / 0.075 (2,137 questions), novel_pages_dev 0.990 / 0.071 (630 lines); without vectors 0.905 / 0.097 and
// 0.997 / 0.103. The bundled world, which had no part in it: 146 of 150, and 0 of 50 that it does not answer (without vectors 150
// and 5). Cosines are MiniLM's by CosineScale. A question without any content word ("Who are you?") passes by its meaning only.
constexpr float kCoverageAlone = 0.60f;
constexpr float kCosineAlone = 0.50f;
constexpr float kCosinePlusCoverage = 0.75f;
constexpr float kCoverageWithoutVectors = 0.33f;
constexpr int kRunAlone = 5;
constexpr int kRunInMarks = 3;
// How many times the passages that are quoted from are looked at, since a page may come again and again.
constexpr std::size_t kSpare = 3;
constexpr int kMostQuotes = 50;

std::optional<std::uint32_t> place_of(std::string_view page_id, std::span<const RankedPage> pages) {
  if (page_id.empty()) return std::nullopt;
  const auto at = std::ranges::find(pages, page_id, &RankedPage::id);
  return at == pages.end() ? std::nullopt : std::optional(static_cast<std::uint32_t>(at - pages.begin()));
}

/// Whether a page or the one before or after it was quoted in answer to the questions before.
bool is_near_earlier(const Query& query, std::uint32_t page, std::span<const RankedPage> pages) {
  const std::uint32_t last = static_cast<std::uint32_t>(pages.size()) - 1;
  for (std::uint32_t near = page > 0 ? page - 1 : 0; near <= std::min(last, page + 1); ++near) {
    if (!pages[near].id.empty() && std::ranges::find(query.earlier_pages, pages[near].id) != query.earlier_pages.end())
      return true;
  }
  return false;
}

}  // namespace

bool addresses_the_character(std::string_view text) {
  const auto words = words_of(text);
  return std::ranges::any_of(words,
                             [](const std::string& word) { return word == "you" || word == "your" || word == "yourself"; });
}

bool is_about_book(const TextScores& scores, std::span<const float> cosines, const CosineScale& scale,
                   std::span<const RankedPassage> best) {
  const int run = scores.longest_run;
  if (run >= kRunAlone) return true;
  if (scores.quotes_line && run >= kRunInMarks && run * 2 >= scores.pairs_asked) return true;
  const float alone = cosines.empty() ? kCoverageWithoutVectors : kCoverageAlone;
  for (const RankedPassage& passage : best.first(std::min<std::size_t>(best.size(), 3))) {
    const float coverage = scores.coverage[passage.passage];
    const float cosine = cosines.empty() ? 0.0f : scale.of(cosines[passage.passage]);
    if (coverage >= alone || cosine >= kCosineAlone || coverage + cosine >= kCosinePlusCoverage) return true;
  }
  return false;
}

Result<void> check_query(const Query& query) {
  if (query.k < 1 || query.k > kMostQuotes)
    return fail(ErrorCode::invalid_argument, fmt::format("k must be 1 to {}, not {}", kMostQuotes, query.k));
  if (query.text.find_first_not_of(" \t\r\n") == std::string::npos)
    return fail(ErrorCode::invalid_argument, "the text to look for is empty");
  return {};
}

Signals fuse_signals(TextScores scores, std::vector<float> cosines, std::span<const std::uint32_t> page_of,
                     const std::vector<bool>& sampled) {
  auto fused = fuse(scores, cosines, page_of, choose_weights(scores, !cosines.empty()), sampled);
  return {std::move(scores), std::move(cosines), std::move(fused)};
}

std::vector<RankedPassage> rank_passages(const Query& query, bool follows_up, const RankedBook& book, const Signals& signals) {
  const auto& [scores, cosines, fused] = signals;
  std::vector<RankedPassage> passages;
  const float best = fused.empty() ? 0.0f : std::max(0.0f, *std::ranges::max_element(fused));
  const float voice_bonus = best * (addresses_the_character(query.text) ? kAddressedBonus : kVoiceBonus);
  const std::optional<std::uint32_t> open = place_of(query.page_id, book.pages);
  for (std::uint32_t i = 0; i < fused.size(); ++i) {
    const std::uint32_t page = book.page_of[i];
    const bool found = scores.passages[i] > 0 || scores.pairs[page] > 0 || (!cosines.empty() && cosines[i] > 0);
    if (!found || !book.quotable[i]) continue;
    const std::string_view voice = book.pages[page].voice;
    if (query.only_character && voice != query.character) continue;
    float score = fused[i];
    if (!query.character.empty() && voice == query.character) score += voice_bonus;
    if (open && page == *open) score += best * kOpenPageBonus;
    if (open && (page + 1 == *open || page == *open + 1)) score += best * kBesideOpenPageBonus;
    if (follows_up && is_near_earlier(query, page, book.pages)) score += best * kEarlierPageBonus;
    passages.push_back({i, score, {}});
  }
  const std::size_t wanted = std::min(passages.size(), kSpare * passages_quoted_from(query.k));
  std::ranges::partial_sort(passages, passages.begin() + static_cast<std::ptrdiff_t>(wanted), std::greater{},
                            &RankedPassage::score);
  passages.resize(wanted);
  return passages;
}

Hit make_hit(const ChosenQuote& chosen, const model::Page& page, std::uint32_t page_number, const Signals& signals) {
  Hit hit{*chosen.quote, page.label, page.title, page.chapter, page.voice, page.version, chosen.score, 0, 0, 0};
  hit.text_score = static_cast<double>(signals.scores.passages[chosen.passage]);
  hit.pair_score = static_cast<double>(signals.scores.pairs[page_number]);
  const bool known = !signals.cosines.empty() && signals.cosines[chosen.passage] != VectorIndex::kNone;
  hit.vector_score = known ? static_cast<double>(signals.cosines[chosen.passage]) : 0.0;
  return hit;
}

void judge(Retrieved& result, const Signals& signals, const CosineScale& scale, std::span<const RankedPassage> best) {
  const auto& [scores, cosines, fused] = signals;
  const bool by_text = std::ranges::any_of(scores.passages, [](float score) { return score > 0; });
  result.method = result.hits.empty() ? "none" : cosines.empty() ? "text" : by_text ? "hybrid" : "vector";
  result.above_threshold = !result.hits.empty() && is_about_book(scores, cosines, scale, best);
}

}  // namespace gibsey::retrieval
