#pragma once
#include "retrieval/bm25.hpp"
#include "retrieval/text_index.hpp"
#include "retrieval/text_segment.hpp"
#include "retrieval/words.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gibsey::retrieval {

/// Where a key stands among the passages that are scored, in their order, and how many passages and pages of the whole book have
/// it.
struct FoundKey {
  std::vector<Posting> postings;
  std::size_t passages = 0;
  std::size_t pages = 0;
};

/// Passages that are scored: all of a book, or some of a large one by the statistics of all of it. `Collection` has
///   std::size_t passages(), pages()                     of the whole book
///   std::size_t scored_passages(), scored_pages()
///   std::uint32_t page_of(passage)
///   float passage_weight(passage, count), page_weight(page, count)   BM25's share of a term
///   FoundKey stem(stem), pair(first word, second word)
template <typename Collection>
class TextScorer {
 public:
  TextScorer(const Collection& book, std::string_view language) : book_(book), language_(language) {
    scores_.passages.assign(book.scored_passages(), 0);
    scores_.passage_pairs.assign(book.scored_passages(), 0);
    scores_.coverage.assign(book.scored_passages(), 0);
    scores_.pages.assign(book.scored_pages(), 0);
    scores_.pairs.assign(book.scored_pages(), 0);
  }

  TextScores score(std::string_view query) {
    const std::vector<std::string> words = words_of(query);
    scores_.words = static_cast<int>(words.size());
    score_terms(words);
    const std::string_view line = quoted_line(query);
    scores_.quotes_line = !line.empty();
    score_pairs(line.empty() ? words : words_of(line));
    return std::move(scores_);
  }

 private:
  /// Adds a key's BM25 to passages and to pages.
  void add(const FoundKey& found, std::vector<float>& passages, std::vector<float>& pages) const {
    const float passage_idf = bm25::idf(book_.passages(), found.passages);
    const float page_idf = bm25::idf(book_.pages(), found.pages);
    const std::vector<Posting>& postings = found.postings;
    for (std::size_t i = 0; i < postings.size();) {
      const std::uint32_t page = book_.page_of(postings[i].passage);
      std::uint32_t count = 0;
      for (; i < postings.size() && book_.page_of(postings[i].passage) == page; ++i) {
        const Posting& posting = postings[i];
        passages[posting.passage] += passage_idf * book_.passage_weight(posting.passage, posting.count);
        count += posting.count;
      }
      pages[page] += page_idf * book_.page_weight(page, count);
    }
  }

  void score_terms(const std::vector<std::string>& query) {
    const Stemmer stemmer{std::string(language_)};
    std::vector<std::string> seen;
    float total = 0;
    for (const std::string& word : query) {
      if (is_stop_word(word, language_)) continue;
      ++scores_.content_words;
      const std::string stem = stemmer.stem(word);
      const bool again = std::ranges::find(seen, stem) != seen.end();
      if (!again) seen.push_back(stem);
      const FoundKey found = book_.stem(stem);
      if (found.passages == 0) {
        if (!again) total += bm25::idf(book_.passages(), 0);
        continue;
      }
      ++scores_.known_content_words;
      add(found, scores_.passages, scores_.pages);
      if (again) continue;
      const float idf = bm25::idf(book_.passages(), found.passages);
      total += idf;
      for (const Posting& posting : found.postings) scores_.coverage[posting.passage] += idf;
    }
    for (float& share : scores_.coverage) share = total > 0 ? share / total : 0;
  }

  void score_pairs(const std::vector<std::string>& query) {
    scores_.pairs_asked = query.empty() ? 0 : static_cast<int>(query.size()) - 1;
    std::vector<int> run(book_.scored_pages(), 0);
    std::vector<std::size_t> run_end(book_.scored_pages(), 0);
    for (std::size_t i = 1; i < query.size(); ++i) {
      const FoundKey found = book_.pair(query[i - 1], query[i]);
      add(found, scores_.passage_pairs, scores_.pairs);
      for (const Posting& posting : found.postings) {
        const std::uint32_t page = book_.page_of(posting.passage);
        if (run_end[page] == i) continue;
        run[page] = run_end[page] + 1 == i ? run[page] + 1 : 1;
        run_end[page] = i;
        scores_.longest_run = std::max(scores_.longest_run, run[page]);
      }
    }
  }

  const Collection& book_;
  std::string_view language_;
  TextScores scores_;
};

}  // namespace gibsey::retrieval
