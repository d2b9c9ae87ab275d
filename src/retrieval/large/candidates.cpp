#include "retrieval/large/candidates.hpp"

#include "retrieval/bm25.hpp"
#include "retrieval/follow_up.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace gibsey::retrieval::large {
namespace {

// Of each signal. What is best by all of them together is among the best of one (large_book_test.cpp).
constexpr std::size_t kBestOfEach = 150;
// Of the best score: what says less by words, or by pairs, is looked at only where another signal speaks for it. Without that a
// question of common words and a rare one is a search through the lists of all common ones.
constexpr float kLeastByStems = 0.25f;
constexpr float kLeastByPairs = 0.4f;
// Of which the pages beside it are scored too.
constexpr std::size_t kWithNeighbours = 30;
constexpr std::uint32_t kNeighbours = 2;
// Passages that stand for all of the book where means and deviations are wanted: whole pages from so many places. A shorter book
// stands for itself.
constexpr std::size_t kSampled = 2048;
constexpr std::size_t kSampledPlaces = 64;
// The nearest that the search for vectors keeps (bench/retrieval).
constexpr std::size_t kVectorWidth = 200;
// A gap in the numbers of pages that makes nobody a neighbour.
constexpr std::int64_t kGap = 3;

/// The keys of one field that a question asks for, each once, with its weight.
struct WeightedKey {
  const AskedKey* key = nullptr;
  float weight = 0;
};

void ask_for(const BookVersion& book, const AskedKey& key, std::vector<WeightedKey>& asked) {
  const float idf = bm25::idf(book.passage_count(), key.passages);
  if (const auto again = std::ranges::find(asked, &key, &WeightedKey::key); again != asked.end()) {
    again->weight += idf;
  } else {
    asked.push_back({&key, idf});
  }
}

std::vector<WeightedKey> asked_stems(const BookVersion& book, const std::string& language, std::string_view query,
                                     AskedKeys& keys) {
  const Stemmer stemmer(language);
  std::vector<WeightedKey> asked;
  for (const std::string& word : words_of(query)) {
    if (!is_stop_word(word, language)) ask_for(book, keys.stem(stemmer.stem(word)), asked);
  }
  return asked;
}

std::vector<WeightedKey> asked_pairs(const BookVersion& book, std::string_view query, AskedKeys& keys) {
  const std::string_view line = quoted_line(query);
  const auto words = words_of(line.empty() ? query : line);
  std::vector<WeightedKey> asked;
  for (std::size_t i = 1; i < words.size(); ++i) ask_for(book, keys.pair(words[i - 1], words[i]), asked);
  return asked;
}

/// Passages of the files by their number; those written since come behind, by theirs.
std::vector<ScoredPassage> best_by_words(const BookVersion& book, float least_share, std::span<const WeightedKey> asked) {
  TopList best(kBestOfEach, least_share);
  std::vector<SearchedField> fields;
  const auto& segments = book.files->segments();
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const TextFile& text = segments[i].text;
    std::vector<WeightedList> lists;
    for (const WeightedKey& key : asked) lists.push_back({key.key->lists[i], key.weight});
    fields.push_back({std::move(lists), text.lengths(), book.passage_norms, text.mean_length(), segments[i].first_passage,
                      book.removed->bits(i)});
  }
  find_best(fields, best);
  std::vector<float> scores(book.written_text.passage_count(), 0.0f);
  for (const WeightedKey& key : asked) {
    for (const Posting& posting : key.key->written) {
      const float norm =
          bm25::norm(static_cast<float>(book.written_text.length(posting.passage)), book.passage_norms.mean_length());
      scores[posting.passage] += key.weight * bm25::weight(posting.count, norm);
    }
  }
  for (std::uint32_t i = 0; i < scores.size(); ++i) {
    if (scores[i] > 0) best.show({scores[i], book.files->passage_count() + i});
  }
  return best.sorted();
}

/// The pages that are to be scored, in the book's order, each once.
class PageChoice {
 public:
  explicit PageChoice(const BookVersion& book) : book_(book) {}

  void add_best(std::span<const ScoredPassage> best) {
    for (std::size_t i = 0; i < best.size(); ++i) {
      const CandidatePage page = page_of(best[i].passage);
      pages_.push_back(page);
      if (i < kWithNeighbours) add_near(page.place);
    }
  }

  void add_file_page(std::int64_t page, bool sampled) {
    if (page < 0 || page >= book_.files->page_count() || book_.removed->contains(static_cast<std::uint32_t>(page))) return;
    pages_.push_back({static_cast<std::uint32_t>(page), false, sampled, 2 * page});
  }

  void add_sample() {
    const std::size_t all = book_.files->passage_count();
    const std::size_t places = all <= kSampled ? 1 : kSampledPlaces;
    for (std::size_t place = 0; place < places && all > 0; ++place) {
      const auto first = static_cast<std::uint32_t>(place * all / places);
      const auto end = static_cast<std::uint32_t>(std::min(all, first + std::max(kSampled / places, std::size_t{1})));
      const std::uint32_t last_page = page_of(end - 1).number;
      for (std::uint32_t page = page_of(first).number; page <= last_page; ++page) add_file_page(page, true);
    }
    // As great a share of those written since.
    const std::size_t step = std::max<std::size_t>(1, book_.passage_count() / kSampled);
    for (std::size_t i = 0; i < book_.written.size(); i += step) pages_.push_back(written(i, true));
  }

  [[nodiscard]] std::vector<CandidatePage> chosen() {
    const auto order = [](const CandidatePage& page) {
      return std::tuple(page.place, page.is_written, page.number, !page.is_sampled);
    };
    std::ranges::sort(pages_, {}, order);
    const auto same = [](const CandidatePage& page) { return std::pair(page.is_written, page.number); };
    pages_.erase(std::ranges::unique(pages_, {}, same).begin(), pages_.end());
    return std::move(pages_);
  }

 private:
  [[nodiscard]] CandidatePage written(std::size_t page, bool sampled) const {
    return {static_cast<std::uint32_t>(page), true, sampled, book_.written_places[page]};
  }
  [[nodiscard]] CandidatePage page_of(std::uint32_t passage) const {
    if (passage >= book_.files->passage_count()) {
      return written(book_.written_text.page_of(passage - book_.files->passage_count()), false);
    }
    const Segment& segment = book_.files->segments()[book_.files->segment_of_passage(passage)];
    const std::uint32_t page = segment.first_page + segment.passages.page_of(passage - segment.first_passage);
    return {page, false, false, 2 * static_cast<std::int64_t>(page)};
  }
  void add_near(std::int64_t place) {
    constexpr std::int64_t kReach = kNeighbours;
    for (std::int64_t page = place / 2 - kReach; page <= place / 2 + kReach; ++page) add_file_page(page, false);
    const auto& places = book_.written_places;
    for (auto at = std::ranges::lower_bound(places, place - 2 * kReach); at != places.end() && *at <= place + 2 * kReach; ++at) {
      pages_.push_back(written(static_cast<std::size_t>(at - places.begin()), false));
    }
  }

  const BookVersion& book_;
  std::vector<CandidatePage> pages_;
};

/// The chosen pages with their passages: a Collection, as TextScorer wants one.
class ScoredPart {
 public:
  ScoredPart(const BookVersion& book, AskedKeys& keys, std::vector<CandidatePage> chosen, Candidates& candidates)
      : book_(book),
        keys_(keys),
        candidates_(candidates),
        written_first_(book.written.size(), kNoPassage),
        ranges_(book.files->segments().size()),
        firsts_(book.files->segments().size()) {
    std::int64_t before = 0;
    for (const CandidatePage& page : chosen) {
      if (!candidates.pages.empty()) {
        const std::int64_t step = std::clamp((page.place - before + 1) / 2, std::int64_t{1}, kGap);
        candidates.pages.resize(candidates.pages.size() + static_cast<std::size_t>(step) - 1, {.number = kNoPassage});
      }
      before = page.place;
      candidates.pages.push_back(page);
      page.is_written ? add_written(page) : add_of_files(page);
    }
  }

  [[nodiscard]] std::size_t passages() const { return book_.passage_count(); }
  [[nodiscard]] std::size_t pages() const { return book_.page_count(); }
  [[nodiscard]] std::size_t scored_passages() const { return candidates_.page_of.size(); }
  [[nodiscard]] std::size_t scored_pages() const { return candidates_.pages.size(); }
  [[nodiscard]] std::uint32_t page_of(std::uint32_t passage) const { return candidates_.page_of[passage]; }
  [[nodiscard]] float passage_weight(std::uint32_t passage, std::uint32_t count) const {
    return bm25::weight(count, bm25::norm(lengths_[passage], book_.passage_norms.mean_length()));
  }
  [[nodiscard]] float page_weight(std::uint32_t page, std::uint32_t count) const {
    return bm25::weight(count, bm25::norm(page_lengths_.at(page), book_.mean_page_length));
  }
  [[nodiscard]] FoundKey stem(const std::string& stem) const { return find(keys_.stem(stem)); }
  [[nodiscard]] FoundKey pair(const std::string& first, const std::string& second) const {
    return find(keys_.pair(first, second));
  }

 private:
  void add(std::uint32_t passage, float length) {
    candidates_.page_of.push_back(static_cast<std::uint32_t>(candidates_.pages.size()) - 1);
    candidates_.passages.push_back(passage);
    candidates_.sampled.push_back(candidates_.pages.back().is_sampled);
    lengths_.push_back(length);
    page_lengths_.resize(candidates_.pages.size(), 0.0f);
    page_lengths_.back() += length;
  }

  void add_of_files(const CandidatePage& page) {
    const std::size_t number = book_.files->segment_of_page(page.number);
    const Segment& segment = book_.files->segments()[number];
    const std::uint32_t local = page.number - segment.first_page;
    const PassageRange range{segment.passages.first_passage(local), segment.passages.first_passage(local + 1)};
    ranges_[number].push_back(range);
    firsts_[number].push_back(static_cast<std::uint32_t>(candidates_.page_of.size()));
    for (std::uint32_t i = range.first; i < range.end; ++i) add(segment.first_passage + i, segment.text.lengths()[i]);
  }

  void add_written(const CandidatePage& page) {
    written_first_[page.number] = static_cast<std::uint32_t>(candidates_.page_of.size());
    for (std::uint32_t i = book_.written_firsts[page.number]; i < book_.written_firsts[page.number + 1]; ++i) {
      add(i, static_cast<float>(book_.written_text.length(i)));
    }
  }

  [[nodiscard]] FoundKey find(const AskedKey& key) const {
    FoundKey found{{}, key.passages, key.pages};
    if (key.passages == 0) return found;
    for (std::size_t i = 0; i < key.lists.size(); ++i) {
      std::size_t range = 0;
      for_each_in(key.lists[i], ranges_[i], [&](std::uint32_t passage, const PostingCursor& at) {
        while (ranges_[i][range].end <= passage) ++range;
        found.postings.push_back({firsts_[i][range] + passage - ranges_[i][range].first, at.count()});
      });
    }
    for (const Posting& posting : key.written) {
      const std::uint32_t page = book_.written_text.page_of(posting.passage);
      if (written_first_[page] == kNoPassage) continue;
      found.postings.push_back({written_first_[page] + posting.passage - book_.written_firsts[page], posting.count});
    }
    return found;
  }

  const BookVersion& book_;
  AskedKeys& keys_;
  Candidates& candidates_;
  std::vector<std::uint32_t> written_first_;        ///< by page written since, its first candidate
  std::vector<std::vector<PassageRange>> ranges_;   ///< by segment, what is scored of it
  std::vector<std::vector<std::uint32_t>> firsts_;  ///< and the first candidate of each range
  std::vector<float> lengths_;
  std::vector<float> page_lengths_;
};

std::vector<float> cosines_of(const BookVersion& book, const Candidates& candidates, std::span<const float> vector) {
  std::vector<float> cosines;
  cosines.reserve(candidates.passages.size());
  const std::vector<float> written = book.written_vectors.score(vector);
  for (std::size_t i = 0; i < candidates.passages.size(); ++i) {
    const std::uint32_t passage = candidates.passages[i];
    if (candidates.pages[candidates.page_of[i]].is_written) {
      cosines.push_back(written.empty() ? VectorIndex::kNone : written[passage]);
      continue;
    }
    const Segment& segment = book.files->segments()[book.files->segment_of_passage(passage)];
    const bool fits = segment.vectors.dimension() == vector.size();
    const auto cosine = fits ? segment.vectors.cosine(passage - segment.first_passage, vector) : std::nullopt;
    cosines.push_back(cosine.value_or(VectorIndex::kNone));
  }
  return cosines;
}

}  // namespace

bool has_vectors(const BookVersion& book, std::span<const float> vector) {
  if (vector.empty()) return false;
  const auto fits = [&](const Segment& segment) {
    return segment.vectors.size() > 0 && segment.vectors.dimension() == vector.size();
  };
  return std::ranges::any_of(book.files->segments(), fits) || !book.written_vectors.score(vector).empty();
}

BestByWords find_by_words(const BookVersion& book, const std::string& language, std::string_view text, std::string_view subject) {
  BestByWords best{.keys = AskedKeys(book)};
  best.stems = best_by_words(book, kLeastByStems, asked_stems(book, language, text, best.keys));
  best.pairs = best_by_words(book, kLeastByPairs, asked_pairs(book, text, best.keys));
  if (!subject.empty()) best.subject = best_by_words(book, kLeastByStems, asked_stems(book, language, subject, best.keys));
  return best;
}

std::vector<ScoredPassage> find_by_meaning(const BookVersion& book, std::span<const float> vector, std::size_t part,
                                           std::size_t parts) {
  TopList best(kBestOfEach);
  const QueryVector query(vector);
  const auto& segments = book.files->segments();
  for (std::size_t i = part; i < segments.size(); i += parts) {
    if (segments[i].vectors.dimension() != vector.size()) continue;
    segments[i].vectors.find_best(query, kVectorWidth, segments[i].first_passage, book.removed->bits(i), best);
  }
  if (part > 0) return best.sorted();
  const std::vector<float> written = book.written_vectors.score(vector);
  for (std::uint32_t i = 0; i < written.size(); ++i) {
    if (written[i] != VectorIndex::kNone) best.show({written[i], book.files->passage_count() + i});
  }
  return best.sorted();
}

std::vector<ScoredPassage> best_of(std::span<const ScoredPassage> some, std::span<const ScoredPassage> others) {
  TopList best(kBestOfEach);
  for (const ScoredPassage& passage : some) best.show(passage);
  for (const ScoredPassage& passage : others) best.show(passage);
  return best.sorted();
}

Candidates find_candidates(const BookVersion& book, const std::string& language, const Sought& sought, BestByWords& by_words,
                           std::span<const ScoredPassage> by_meaning) {
  PageChoice choice(book);
  choice.add_best(by_words.stems);
  choice.add_best(by_words.pairs);
  choice.add_best(by_words.subject);
  choice.add_best(by_meaning);
  if (sought.open_page) choice.add_file_page(*sought.open_page, false);
  choice.add_sample();
  Candidates candidates;
  const ScoredPart part(book, by_words.keys, choice.chosen(), candidates);
  candidates.scores = TextScorer(part, language).score(sought.text);
  if (!sought.subject.empty()) add_subject(candidates.scores, TextScorer(part, language).score(sought.subject));
  if (has_vectors(book, sought.vector)) candidates.cosines = cosines_of(book, candidates, sought.vector);
  return candidates;
}

}  // namespace gibsey::retrieval::large
