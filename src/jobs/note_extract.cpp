#include "jobs/note_extract.hpp"

#include "jobs/note_clusters.hpp"
#include "jobs/note_draft.hpp"
#include "retrieval/chunks.hpp"
#include "retrieval/sentences.hpp"
#include "retrieval/words.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <string_view>

namespace gibsey::jobs {
namespace {

constexpr int kLeastSentence = 6;
constexpr int kMostSentence = 70;
/// What a note of the book's own sentences is to have, if the sentences allow it: a short one is read.
constexpr int kEnough = 150;
/// Chosen by reading the notes of the bundled world.
constexpr float kLeaning = 0.15F;
constexpr float kSpoken = 0.08F;
constexpr float kLikeness = 0.45F;
constexpr float kNewPage = 0.15F;

constexpr std::array<std::string_view, 36> kLeaningWords = {
    "he",      "she",   "it",   "they", "him",  "her",   "them",    "his",       "its",     "their", "this", "that",
    "these",   "those", "but",  "and",  "or",   "so",    "then",    "there",     "yet",     "nor",   "also", "either",
    "neither", "both",  "such", "here", "thus", "still", "instead", "otherwise", "because", "which", "who",  "no"};

bool ends_well(std::u32string_view text) {
  while (!text.empty() && std::u32string_view(U"\"'”’)]").contains(text.back())) text.remove_suffix(1);
  return !text.empty() && std::u32string_view(U".!?…").contains(text.back());
}

bool is_spoken(std::string_view text) {
  return text.contains('"') || text.contains("\u201c") || text.contains("\u201d");
}

bool leans(const std::string& text) {
  std::string first;
  retrieval::for_each_word(text, [&first](const std::string& word) {
    if (first.empty()) first = word;
  });
  return std::ranges::find(kLeaningWords, first) != kLeaningWords.end();
}

/// How much of what the passages say a sentence says.
std::vector<float> weights_of(std::span<const NoteSource> sources, const std::vector<ExtractSentence>& candidates,
                              const std::string& language) {
  std::vector<float> weights;
  const bool vectors = std::ranges::none_of(candidates, [](const auto& candidate) { return candidate.vector.empty(); });
  if (vectors) {
    std::vector<std::vector<float>> all;
    for (const auto& candidate : candidates) all.push_back(candidate.vector);
    const auto centre = centre_of(all);
    for (const auto& candidate : candidates) weights.push_back(cosine_of(candidate.vector, centre));
    return weights;
  }
  const retrieval::Stemmer stemmer(language);
  std::map<std::string, int> counts;
  for (const auto& source : sources) {
    retrieval::for_each_word(source.text, [&](const std::string& word) {
      if (!retrieval::is_stop_word(word, language)) ++counts[stemmer.stem(word)];
    });
  }
  for (const auto& candidate : candidates) {
    float sum = 0;
    retrieval::for_each_word(candidate.text, [&](const std::string& word) {
      if (!retrieval::is_stop_word(word, language)) sum += std::log(static_cast<float>(counts[stemmer.stem(word)] + 1));
    });
    weights.push_back(0.3F * sum / static_cast<float>(candidate.words));
  }
  return weights;
}

class Choosing {
 public:
  Choosing(std::span<const NoteSource> sources, const std::vector<ExtractSentence>& candidates, const std::string& language,
           int most)
      : sources_(sources), candidates_(candidates), weights_(weights_of(sources, candidates, language)), most_(most) {}

  /// Adds sentences until there are `enough` words; nothing more when none fits.
  void choose(int enough) {
    while (words_ < enough) {
      const auto next = best();
      if (!next) return;
      take(*next);
      lean_on_what_is_before(*next);
    }
  }
  [[nodiscard]] int words() const { return words_; }
  [[nodiscard]] const std::set<std::size_t>& chosen() const { return chosen_; }

 private:
  [[nodiscard]] std::optional<std::size_t> best() const {
    std::optional<std::size_t> found;
    float most = 0;
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
      if (chosen_.contains(i) || words_ + candidates_[i].words > most_) continue;
      const float score = score_of(i);
      if (found && score <= most) continue;
      most = score;
      found = i;
    }
    return found;
  }

  [[nodiscard]] float score_of(std::size_t i) const {
    const auto& candidate = candidates_[i];
    float score = weights_[i];
    if (candidate.leans && !follows_chosen(i)) score -= kLeaning;
    if (is_spoken(candidate.text)) score -= kSpoken;
    float likeness = 0;
    for (const auto other : chosen_) likeness = std::max(likeness, cosine_of(candidate.vector, candidates_[other].vector));
    score -= kLikeness * likeness;
    if (!pages_.contains(sources_[candidate.source].page_id)) score += kNewPage;
    return score;
  }

  [[nodiscard]] bool follows_chosen(std::size_t i) const {
    return i > 0 && chosen_.contains(i - 1) && candidates_[i - 1].source == candidates_[i].source;
  }

  void take(std::size_t i) {
    chosen_.insert(i);
    words_ += candidates_[i].words;
    pages_.insert(sources_[candidates_[i].source].page_id);
  }

  void lean_on_what_is_before(std::size_t i) {
    if (!candidates_[i].leans || i == 0 || chosen_.contains(i - 1)) return;
    const auto& before = candidates_[i - 1];
    if (before.source == candidates_[i].source && !before.leans && words_ + before.words <= most_) take(i - 1);
  }

  std::span<const NoteSource> sources_;
  const std::vector<ExtractSentence>& candidates_;
  std::vector<float> weights_;
  const int most_;
  std::set<std::size_t> chosen_;
  std::set<std::string> pages_;
  int words_ = 0;
};

}  // namespace

std::vector<ExtractSentence> extract_candidates(std::span<const NoteSource> sources, const std::string& language) {
  std::vector<ExtractSentence> candidates;
  std::set<std::string> seen;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const auto points = retrieval::to_code_points(sources[i].text);
    for (const auto& sentence : retrieval::find_sentences(points, language)) {
      if (sentence.words < kLeastSentence || sentence.words > kMostSentence) continue;
      const auto part = std::u32string_view(points).substr(static_cast<std::size_t>(sentence.start),
                                                           static_cast<std::size_t>(sentence.end - sentence.start));
      if (!ends_well(part) || !retrieval::has_balanced_marks(part)) continue;
      ExtractSentence candidate{.source = i, .text = retrieval::to_utf8(part), .words = sentence.words};
      std::ranges::replace(candidate.text, '\n', ' ');
      if (!seen.insert(candidate.text).second) continue;
      candidate.leans = leans(candidate.text);
      candidates.push_back(std::move(candidate));
    }
  }
  return candidates;
}

std::vector<model::NoteSentence> extract_note(std::span<const NoteSource> sources, const std::vector<ExtractSentence>& candidates,
                                              const std::string& language, int least, int most) {
  Choosing choosing(sources, candidates, language, most);
  choosing.choose(std::max(least, std::min(kEnough, most)));
  std::vector<model::NoteSentence> sentences;
  for (const auto i : choosing.chosen()) sentences.push_back({candidates[i].text, {citation_of(sources[candidates[i].source])}});
  return sentences;
}

}  // namespace gibsey::jobs
