#include "retrieval/text_index.hpp"

#include "retrieval/words.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace gibsey::retrieval {
namespace {

constexpr float kK1 = 1.2f;
constexpr float kB = 0.75f;

float idf_of(std::size_t documents, std::size_t with_term) {
  const auto n = static_cast<float>(documents);
  const auto df = static_cast<float>(with_term);
  return std::log(1.0f + (n - df + 0.5f) / (df + 0.5f));
}

/// Lengths of a kind of document, and BM25's share of a term in one.
struct Lengths {
  std::vector<float> of;
  float mean = 1;

  void settle() {
    float sum = 0;
    for (const float length : of) sum += length;
    mean = of.empty() || sum == 0 ? 1 : sum / static_cast<float>(of.size());
  }
  [[nodiscard]] float weight(std::size_t document, std::uint32_t count) const {
    const auto tf = static_cast<float>(count);
    return tf * (kK1 + 1) / (tf + kK1 * (1 - kB + kB * of[document] / mean));
  }
};

/// A passage of a segment that the book has no more.
constexpr auto kGone = std::numeric_limits<std::uint32_t>::max();

std::vector<const model::PageContent*> pointers_to(std::span<const model::PageContent> contents) {
  std::vector<const model::PageContent*> pages;
  for (const model::PageContent& content : contents) pages.push_back(&content);
  return pages;
}

std::vector<PagePlace> in_order(std::size_t pages) {
  std::vector<PagePlace> places;
  for (std::size_t page = 0; page < pages; ++page) places.push_back({0, static_cast<std::uint32_t>(page)});
  return places;
}

}  // namespace

/// Passages and pages have two numbers: within their segment, and in the book's order, by which everything is scored. Statistics
/// are those of the passages that the book has, so that it does not matter of how many segments it is made.
struct TextIndex::State {
  std::string language;
  std::vector<std::shared_ptr<const TextSegment>> segments;
  std::vector<std::vector<std::uint32_t>> number_of;  ///< a segment's passage -> the book's, kGone for those that are no more
  std::vector<std::uint32_t> page_of;                 ///< passage -> page
  std::size_t page_count = 0;
  Lengths passage_lengths;
  Lengths page_lengths;

  void place(std::span<const PagePlace> pages) {
    for (const auto& segment : segments) number_of.emplace_back(segment->passage_count(), kGone);
    page_count = pages.size();
    for (std::uint32_t page = 0; page < pages.size(); ++page) {
      const TextSegment& segment = *segments[pages[page].segment];
      const std::uint32_t end = segment.first_passage(pages[page].page + 1);
      float page_length = 0;
      for (std::uint32_t passage = segment.first_passage(pages[page].page); passage < end; ++passage) {
        number_of[pages[page].segment][passage] = static_cast<std::uint32_t>(page_of.size());
        page_of.push_back(page);
        passage_lengths.of.push_back(segment.length(passage));
        page_length += segment.length(passage);
      }
      page_lengths.of.push_back(page_length);
    }
    passage_lengths.settle();
    page_lengths.settle();
  }

  /// What `find(segment)` gives of all segments, by the book's numbers, without what is gone. The passages of a page follow each
  /// other.
  template <typename Find>
  std::vector<Posting> collect(Find find) const {
    std::vector<Posting> found;
    for (std::size_t i = 0; i < segments.size(); ++i) {
      for (const Posting& posting : find(*segments[i])) {
        const std::uint32_t number = number_of[i][posting.passage];
        if (number != kGone) found.push_back({number, posting.count});
      }
    }
    return found;
  }
  [[nodiscard]] std::vector<Posting> postings(const std::string& stem) const {
    return collect([&stem](const TextSegment& segment) { return segment.postings(stem); });
  }
  [[nodiscard]] std::vector<Posting> pair_postings(const std::string& first, const std::string& second) const {
    return collect([&](const TextSegment& segment) { return segment.pair_postings(first, second); });
  }

  /// Adds a key's BM25 to passages and to pages.
  void add(std::span<const Posting> postings, std::vector<float>& passages, std::vector<float>& pages) const {
    std::size_t page_frequency = 0;
    for (std::size_t i = 0; i < postings.size(); ++i) {
      if (i == 0 || page_of[postings[i].passage] != page_of[postings[i - 1].passage]) ++page_frequency;
    }
    const float passage_idf = idf_of(page_of.size(), postings.size());
    const float page_idf = idf_of(page_count, page_frequency);
    for (std::size_t i = 0; i < postings.size();) {
      const std::uint32_t page = page_of[postings[i].passage];
      std::uint32_t count = 0;
      for (; i < postings.size() && page_of[postings[i].passage] == page; ++i) {
        const Posting& posting = postings[i];
        passages[posting.passage] += passage_idf * passage_lengths.weight(posting.passage, posting.count);
        count += posting.count;
      }
      pages[page] += page_idf * page_lengths.weight(page, count);
    }
  }

  void score_terms(const std::vector<std::string>& query, TextScores& scores) const {
    const Stemmer stemmer(language);
    std::vector<std::string> seen;
    float total = 0;
    for (const std::string& word : query) {
      if (is_stop_word(word, language)) continue;
      ++scores.content_words;
      const std::string stem = stemmer.stem(word);
      const bool again = std::ranges::find(seen, stem) != seen.end();
      if (!again) seen.push_back(stem);
      const std::vector<Posting> found = postings(stem);
      if (found.empty()) {
        if (!again) total += idf_of(page_of.size(), 0);
        continue;
      }
      ++scores.known_content_words;
      add(found, scores.passages, scores.pages);
      if (again) continue;
      const float idf = idf_of(page_of.size(), found.size());
      total += idf;
      for (const Posting& posting : found) scores.coverage[posting.passage] += idf;
    }
    for (float& share : scores.coverage) share = total > 0 ? share / total : 0;
  }

  void score_pairs(const std::vector<std::string>& query, TextScores& scores) const {
    scores.pairs_asked = query.empty() ? 0 : static_cast<int>(query.size()) - 1;
    std::vector<int> run(page_count, 0);
    std::vector<std::size_t> run_end(page_count, 0);
    for (std::size_t i = 1; i < query.size(); ++i) {
      const std::vector<Posting> found = pair_postings(query[i - 1], query[i]);
      add(found, scores.passage_pairs, scores.pairs);
      for (const Posting& posting : found) {
        const std::uint32_t page = page_of[posting.passage];
        if (run_end[page] == i) continue;
        run[page] = run_end[page] + 1 == i ? run[page] + 1 : 1;
        run_end[page] = i;
        scores.longest_run = std::max(scores.longest_run, run[page]);
      }
    }
  }
};

std::string_view quoted_line(std::string_view query) {
  constexpr std::size_t kLeastWords = 3;
  std::string_view longest;
  for (const auto& [open, close] :
       {std::pair<std::string_view, std::string_view>("\"", "\""), {"“", "”"}, {"«", "»"}, {"„", "“"}}) {
    for (auto start = query.find(open); start != query.npos;) {
      start += open.size();
      const auto end = query.find(close, start);
      if (end == query.npos) break;
      if (end - start > longest.size()) longest = query.substr(start, end - start);
      start = query.find(open, end + close.size());
    }
  }
  return words_of(longest).size() < kLeastWords ? std::string_view() : longest;
}

TextIndex::TextIndex(std::span<const model::PageContent> contents, std::string language)
    : TextIndex({std::make_shared<TextSegment>(pointers_to(contents), language)}, in_order(contents.size()), language) {}

TextIndex::TextIndex(std::vector<std::shared_ptr<const TextSegment>> segments, std::span<const PagePlace> pages,
                     std::string language)
    : state_(std::make_unique<State>()) {
  state_->language = std::move(language);
  state_->segments = std::move(segments);
  state_->place(pages);
}

TextIndex::~TextIndex() = default;

TextScores TextIndex::score(std::string_view query) const {
  TextScores scores;
  scores.passages.assign(state_->page_of.size(), 0);
  scores.passage_pairs.assign(state_->page_of.size(), 0);
  scores.coverage.assign(state_->page_of.size(), 0);
  scores.pages.assign(state_->page_count, 0);
  scores.pairs.assign(state_->page_count, 0);
  const std::vector<std::string> words = words_of(query);
  scores.words = static_cast<int>(words.size());
  state_->score_terms(words, scores);
  const std::string_view line = quoted_line(query);
  scores.quotes_line = !line.empty();
  state_->score_pairs(line.empty() ? words : words_of(line), scores);
  return scores;
}

std::vector<std::string> TextIndex::content_stems(std::string_view text) const {
  const Stemmer stemmer(state_->language);
  std::vector<std::string> found;
  for_each_word(text, [&](const std::string& word) {
    if (is_stop_word(word, state_->language)) return;
    std::string stem = stemmer.stem(word);
    if (std::ranges::find(found, stem) == found.end()) found.push_back(std::move(stem));
  });
  return found;
}

float TextIndex::idf(const std::string& stem) const {
  return idf_of(state_->page_of.size(), std::max<std::size_t>(state_->postings(stem).size(), 1));
}

const std::string& TextIndex::language() const {
  return state_->language;
}

std::size_t TextIndex::passage_count() const {
  return state_->page_of.size();
}

std::size_t TextIndex::memory_bytes() const {
  std::size_t bytes = state_->page_of.size() * 16;
  for (const auto& segment : state_->segments) bytes += segment->memory_bytes();
  return bytes;
}

}  // namespace gibsey::retrieval
