#include "retrieval/large/large_book.hpp"

#include "retrieval/fusion.hpp"
#include "retrieval/ranking.hpp"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <iterator>
#include <string_view>
#include <utility>

namespace gibsey::retrieval::large {
namespace {

// The pages written since are scored one and all. But a book whose vectors are still being made is not made anew at each of them.
constexpr std::size_t kWrittenShare = 20;
// Passages beyond those that are quoted from, since a page may come again. Each is a read of the store.
constexpr std::size_t kSpare = 8;

bool are_neighbours(std::int64_t place, std::int64_t other) {
  return place != other && std::abs(place - other) <= 2;
}

/// What the book's words are worth, as far as a question asks for it.
class QuestionStatistics final : public WordStatistics {
 public:
  QuestionStatistics(const std::string& language, AskedKeys& keys) : language_(language), keys_(keys) {}
  [[nodiscard]] std::vector<std::string> content_stems(std::string_view text) const override {
    return retrieval::content_stems(text, language_);
  }
  [[nodiscard]] float idf(const std::string& stem) const override { return keys_.idf(stem); }
  [[nodiscard]] const std::string& language() const override { return language_; }

 private:
  const std::string& language_;
  AskedKeys& keys_;
};

/// The whole of the fusion of signals. Means and deviations are those of the sample.
std::vector<float> fused_scores(const Candidates& candidates) {
  return fuse(candidates.scores, candidates.cosines, candidates.page_of,
              choose_weights(candidates.scores, !candidates.cosines.empty()), candidates.sampled);
}

}  // namespace

LargeBook::LargeBook(std::shared_ptr<const SegmentSet> files)
    : LargeBook(files, std::make_shared<RemovedPages>(*files), BookParts({}, {}, files->manifest().language), 0) {}

LargeBook::LargeBook(std::shared_ptr<const SegmentSet> files, std::shared_ptr<const RemovedPages> removed, BookParts written,
                     std::size_t removed_vectors)
    : version_(std::move(files), std::move(removed), std::move(written)), removed_vectors_(removed_vectors) {}

std::size_t LargeBook::vectors_of(std::uint32_t page) const {
  const Segment& segment = files().segments()[files().segment_of_page(page)];
  const std::uint32_t local = page - segment.first_page;
  std::size_t count = 0;
  for (auto i = segment.passages.first_passage(local); i < segment.passages.first_passage(local + 1); ++i) {
    if (segment.vectors.has(i)) ++count;
  }
  return count;
}

bool LargeBook::has_just_so(const store::IndexedPage& page) const {
  if (version_.written.has(page.content.page, page.vectors.size())) return true;
  const auto at = files().find_page(page.content.page.id);
  if (!at || version_.removed->contains(*at)) return false;
  const Segment& segment = files().segments()[files().segment_of_page(*at)];
  const PageRow& row = segment.passages.page(*at - segment.first_page);
  return row.version == page.content.page.version && row.order == page.content.page.order &&
         row.fingerprint == fingerprint_of(page.content.page) && vectors_of(*at) == page.vectors.size();
}

std::shared_ptr<const LargeBook> LargeBook::changed(std::vector<store::IndexedPage> written,
                                                    const std::vector<std::string>& gone) const {
  std::erase_if(written, [this](const store::IndexedPage& page) { return has_just_so(page); });
  std::vector<std::uint32_t> in_files;
  const auto take_from_files = [&](const std::string& id) {
    const auto at = files().find_page(id);
    if (!at || version_.removed->contains(*at)) return false;
    in_files.push_back(*at);
    return true;
  };
  for (const store::IndexedPage& page : written) take_from_files(page.content.page.id);
  bool changes = !written.empty();
  for (const std::string& id : gone) changes |= take_from_files(id) || version_.written.find(id) != nullptr;
  if (!changes) return nullptr;
  auto removed = version_.removed;
  std::size_t removed_vectors = removed_vectors_;
  if (!in_files.empty()) {
    auto more = std::make_shared<RemovedPages>(*removed);
    for (const std::uint32_t page : in_files) {
      more->add(files(), page);
      removed_vectors += vectors_of(page);
    }
    removed = std::move(more);
  }
  auto parts = version_.written.changed(std::move(written), gone);
  return std::shared_ptr<const LargeBook>(new LargeBook(version_.files, std::move(removed), std::move(parts), removed_vectors));
}

std::shared_ptr<const LargeBook> LargeBook::merged(const BookSegment::Pages& pages, BookSegment segment) const {
  return std::shared_ptr<const LargeBook>(
      new LargeBook(version_.files, version_.removed, version_.written.merged(pages, std::move(segment)), removed_vectors_));
}

bool LargeBook::wants_rebuild(std::size_t least) const {
  return passages_since() > std::max(least, files().passage_count() / kWrittenShare);
}

std::size_t LargeBook::passages_since() const {
  return version_.written_text.passage_count() + version_.removed->passage_count();
}

AskedPage LargeBook::page_of(const CandidatePage& page) const {
  if (page.is_written) {
    const model::PageContent& content = version_.written[page.number];
    return {content.page.id, content.page.version, &content};
  }
  const Segment& segment = files().segments()[files().segment_of_page(page.number)];
  const std::uint32_t local = page.number - segment.first_page;
  return {std::string(segment.passages.id(local)), segment.passages.page(local).version, nullptr};
}

bool LargeBook::is_in_voice(const CandidatePage& page, const std::string& voice) const {
  if (page.is_written) return version_.written[page.number].page.voice == voice;
  const Segment& segment = files().segments()[files().segment_of_page(page.number)];
  return segment.passages.voice(voice) == segment.passages.page(page.number - segment.first_page).voice;
}

int LargeBook::number_in_page(const Candidates& candidates, std::uint32_t passage) const {
  const CandidatePage& page = candidates.pages[candidates.page_of[passage]];
  const std::uint32_t number = candidates.passages[passage];
  if (!page.is_written) {
    const Segment& segment = files().segments()[files().segment_of_passage(number)];
    return segment.passages.number(number - segment.first_passage);
  }
  return version_.written[page.number].passages[number - version_.written_firsts[page.number]].number;
}

bool LargeBook::has_quotes(const Candidates& candidates, std::uint32_t passage) const {
  const CandidatePage& page = candidates.pages[candidates.page_of[passage]];
  const std::uint32_t number = candidates.passages[passage];
  if (!page.is_written) {
    const Segment& segment = files().segments()[files().segment_of_passage(number)];
    return segment.passages.has_quotes(number - segment.first_passage);
  }
  const auto& quotes = version_.written[page.number].quotes;
  return std::ranges::find(quotes, number_in_page(candidates, passage), &model::QuoteCandidate::passage) != quotes.end();
}

/// As CandidatePage::place; those that the book has.
std::vector<std::int64_t> LargeBook::places_of(std::span<const std::string> ids) const {
  std::vector<std::int64_t> places;
  for (const std::string& id : ids) {
    if (const auto page = files().find_page(id); page && !version_.removed->contains(*page))
      places.push_back(2 * std::int64_t{*page});
  }
  for (std::size_t i = 0; i < version_.written.size(); ++i) {
    if (std::ranges::find(ids, version_.written[i].page.id) != ids.end()) places.push_back(version_.written_places[i]);
  }
  return places;
}

BestByWords LargeBook::find_by_words(const Question& question) const {
  return large::find_by_words(version_, files().manifest().language, question.query.text, question.subject);
}

Ranking LargeBook::rank(const Question& question, BestByWords by_words, std::span<const ScoredPassage> by_meaning) const {
  const Query& query = question.query;
  const auto open_page = query.page_id.empty() ? std::nullopt : files().find_page(query.page_id);
  const Sought sought{query.text, question.subject, question.vector, open_page};
  auto found = find_candidates(version_, files().manifest().language, sought, by_words, by_meaning);
  Ranking ranking{.candidates = std::move(found), .keys = std::move(by_words.keys)};
  const Candidates& candidates = ranking.candidates;
  const std::vector<float> fused = fused_scores(candidates);
  const float best = fused.empty() ? 0.0f : std::max(0.0f, *std::ranges::max_element(fused));
  const float voice_bonus = best * (addresses_the_character(query.text) ? kAddressedBonus : kVoiceBonus);
  const auto earlier = places_of(question.subject.empty() ? std::span<const std::string>() : query.earlier_pages);
  const auto opened = query.page_id.empty() ? std::vector<std::int64_t>() : places_of({&query.page_id, 1});
  for (std::uint32_t i = 0; i < fused.size(); ++i) {
    const auto& scores = candidates.scores;
    const std::uint32_t page_number = candidates.page_of[i];
    const bool near = !candidates.cosines.empty() && candidates.cosines[i] > 0;
    if (!(scores.passages[i] > 0 || scores.pairs[page_number] > 0 || near) || !has_quotes(candidates, i)) continue;
    const CandidatePage& page = candidates.pages[page_number];
    const bool in_voice = !query.character.empty() && is_in_voice(page, query.character);
    if (query.only_character && !in_voice) continue;
    float score = fused[i];
    if (in_voice) score += voice_bonus;
    for (const std::int64_t place : opened) {
      if (page.place == place)
        score += best * kOpenPageBonus;
      else if (are_neighbours(page.place, place))
        score += best * kBesideOpenPageBonus;
    }
    const auto near_it = [&page](std::int64_t place) { return page.place == place || are_neighbours(page.place, place); };
    if (std::ranges::any_of(earlier, near_it)) score += best * kEarlierPageBonus;
    ranking.passages.push_back({i, score, {}});
  }
  const std::size_t wanted = std::min(ranking.passages.size(), passages_quoted_from(query.k) + kSpare);
  std::ranges::partial_sort(ranking.passages, ranking.passages.begin() + static_cast<std::ptrdiff_t>(wanted), std::greater{},
                            &RankedPassage::score);
  ranking.passages.resize(wanted);
  for (const RankedPassage& passage : ranking.passages) {
    ranking.pages.push_back(page_of(candidates.pages[candidates.page_of[passage.passage]]));
  }
  return ranking;
}

std::optional<Retrieved> LargeBook::quote(const Question& question, Ranking& ranking,
                                          std::span<const model::PageContent* const> contents) const {
  const Candidates& candidates = ranking.candidates;
  std::vector<RankedPassage> quotable;
  std::vector<const model::PageContent*> content_of(candidates.pages.size(), nullptr);
  for (std::size_t i = 0; i < contents.size(); ++i) {
    if (contents[i] == nullptr) continue;
    RankedPassage passage = ranking.passages[i];
    const int number = number_in_page(candidates, passage.passage);
    const auto& quotes = contents[i]->quotes;
    const auto first = std::ranges::find(quotes, number, &model::QuoteCandidate::passage);
    const auto last = std::ranges::find_if(first, quotes.end(), [&](const auto& quote) { return quote.passage != number; });
    passage.quotes = {first, last};
    content_of[candidates.page_of[passage.passage]] = contents[i];
    if (!passage.quotes.empty()) quotable.push_back(passage);
  }
  const std::size_t wanted = passages_quoted_from(question.query.k);
  const auto different = different_passages(quotable, wanted);
  if (different.size() < wanted && contents.size() < ranking.passages.size()) return std::nullopt;
  Retrieved result;
  const QuestionStatistics statistics(files().manifest().language, ranking.keys);
  for (const ChosenQuote& chosen : choose_quotes(question.query.text, statistics, different, question.query.k)) {
    const std::uint32_t page_number = candidates.page_of[chosen.passage];
    const model::Page& page = content_of[page_number]->page;
    Hit hit{*chosen.quote, page.label, page.title, page.chapter, page.voice, page.version, chosen.score, 0, 0, 0};
    hit.text_score = static_cast<double>(candidates.scores.passages[chosen.passage]);
    hit.pair_score = static_cast<double>(candidates.scores.pairs[page_number]);
    const bool known = !candidates.cosines.empty() && candidates.cosines[chosen.passage] != VectorIndex::kNone;
    hit.vector_score = known ? static_cast<double>(candidates.cosines[chosen.passage]) : 0.0;
    result.hits.push_back(std::move(hit));
  }
  const bool by_text = std::ranges::any_of(candidates.scores.passages, [](float score) { return score > 0; });
  result.method = result.hits.empty() ? "none" : candidates.cosines.empty() ? "text" : by_text ? "hybrid" : "vector";
  result.above_threshold = !result.hits.empty() && is_about_book(candidates.scores, candidates.cosines, question.scale, quotable);
  return result;
}

std::size_t LargeBook::vector_count() const {
  return files().vector_count() - removed_vectors_ + version_.written_vectors.size();
}

std::vector<std::pair<std::string, std::size_t>> LargeBook::pages_without_vector() const {
  std::vector<std::pair<std::string, std::size_t>> found;
  for (const Segment& segment : files().segments()) {
    if (segment.vectors.size() == segment.passages.passage_count()) continue;
    for (std::uint32_t page = 0; page < segment.passages.page_count(); ++page) {
      const auto passages = segment.passages.first_passage(page + 1) - segment.passages.first_passage(page);
      if (version_.removed->contains(segment.first_page + page)) continue;
      const std::size_t missing = passages - vectors_of(segment.first_page + page);
      if (missing > 0) found.emplace_back(segment.passages.id(page), missing);
    }
  }
  return found;
}

}  // namespace gibsey::retrieval::large
