#include "retrieval/ranking.hpp"

#include "retrieval/words.hpp"

#include <algorithm>

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

}  // namespace gibsey::retrieval
