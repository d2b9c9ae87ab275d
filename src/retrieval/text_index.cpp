#include "retrieval/text_index.hpp"

#include "retrieval/words.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>
#include <utility>

namespace gibsey::retrieval {
namespace {

constexpr float kK1 = 1.2f;
constexpr float kB = 0.75f;

using TermId = std::uint32_t;

struct Posting {
  std::uint32_t passage = 0;
  std::uint32_t count = 0;
};

/// Postings of many keys one behind another: those of the key number n are [starts[n], starts[n + 1]).
template <typename Key>
struct Postings {
  std::vector<Key> keys;  ///< sorted
  std::vector<std::uint32_t> starts;
  std::vector<Posting> list;

  /// `occurrences` holds a (key, passage) for each time that a key stands in a passage.
  explicit Postings(std::vector<std::pair<Key, std::uint32_t>> occurrences) {
    std::ranges::sort(occurrences);
    for (const auto& [key, passage] : occurrences) {
      if (keys.empty() || keys.back() != key) {
        keys.push_back(key);
        starts.push_back(static_cast<std::uint32_t>(list.size()));
        list.push_back({passage, 0});
      } else if (list.back().passage != passage) {
        list.push_back({passage, 0});
      }
      ++list.back().count;
    }
    starts.push_back(static_cast<std::uint32_t>(list.size()));
    keys.shrink_to_fit();
    starts.shrink_to_fit();
    list.shrink_to_fit();
  }

  [[nodiscard]] std::span<const Posting> find(Key key) const {
    const auto at = std::ranges::lower_bound(keys, key);
    if (at == keys.end() || *at != key) return {};
    const auto n = static_cast<std::size_t>(at - keys.begin());
    return std::span(list).subspan(starts[n], starts[n + 1] - starts[n]);
  }

  [[nodiscard]] std::size_t memory_bytes() const {
    return keys.size() * sizeof(Key) + starts.size() * sizeof(std::uint32_t) + list.size() * sizeof(Posting);
  }
};

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

std::uint64_t pair_key(TermId first, TermId second) {
  return (static_cast<std::uint64_t>(first) << 32) | second;
}

}  // namespace

struct TextIndex::State {
  std::string language;
  std::unordered_map<std::string, TermId> words;  ///< as they stand, folded -> the id that pairs are made of
  std::vector<TermId> stem_of_word;
  std::unordered_map<std::string, TermId> stems;
  std::vector<std::uint32_t> page_of;  ///< passage -> page
  std::size_t page_count = 0;
  Lengths passage_lengths;
  Lengths page_lengths;
  Postings<TermId> terms{{}};
  Postings<std::uint64_t> pairs{{}};

  TermId word_id(const std::string& word, const Stemmer& stemmer) {
    const auto [at, added] = words.try_emplace(word, static_cast<TermId>(words.size()));
    if (added) {
      const auto stem = stems.try_emplace(stemmer.stem(word), static_cast<TermId>(stems.size())).first;
      stem_of_word.push_back(stem->second);
    }
    return at->second;
  }

  void build(std::span<const model::PageContent> contents) {
    const Stemmer stemmer(language);
    std::vector<std::pair<TermId, std::uint32_t>> term_places;
    std::vector<std::pair<std::uint64_t, std::uint32_t>> pair_places;
    for (const model::PageContent& content : contents) {
      const auto page = static_cast<std::uint32_t>(page_count++);
      float page_length = 0;
      TermId previous = std::numeric_limits<TermId>::max();
      for (const model::Passage& passage : content.passages) {
        const auto number = static_cast<std::uint32_t>(page_of.size());
        page_of.push_back(page);
        float length = 0;
        for_each_word(passage.text, [&](const std::string& word) {
          const TermId id = word_id(word, stemmer);
          term_places.emplace_back(stem_of_word[id], number);
          if (previous != std::numeric_limits<TermId>::max()) pair_places.emplace_back(pair_key(previous, id), number);
          previous = id;
          ++length;
        });
        passage_lengths.of.push_back(length);
        page_length += length;
      }
      page_lengths.of.push_back(page_length);
    }
    passage_lengths.settle();
    page_lengths.settle();
    terms = Postings<TermId>(std::move(term_places));
    pairs = Postings<std::uint64_t>(std::move(pair_places));
  }

  /// Adds a key's BM25 to passages and to pages. Postings are in passage order, so a page's passages follow each other.
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
      const auto id = stems.find(stem);
      const bool again = std::ranges::find(seen, stem) != seen.end();
      if (!again) seen.push_back(stem);
      if (id == stems.end()) {
        if (!again) total += idf_of(page_of.size(), 0);
        continue;
      }
      ++scores.known_content_words;
      const auto postings = terms.find(id->second);
      add(postings, scores.passages, scores.pages);
      if (again) continue;
      const float idf = idf_of(page_of.size(), postings.size());
      total += idf;
      for (const Posting& posting : postings) scores.coverage[posting.passage] += idf;
    }
    for (float& share : scores.coverage) share = total > 0 ? share / total : 0;
  }

  void score_pairs(const std::vector<std::string>& query, TextScores& scores) const {
    scores.pairs_asked = query.empty() ? 0 : static_cast<int>(query.size()) - 1;
    std::vector<int> run(page_count, 0);
    std::vector<std::size_t> run_end(page_count, 0);
    for (std::size_t i = 1; i < query.size(); ++i) {
      const auto first = words.find(query[i - 1]);
      const auto second = words.find(query[i]);
      if (first == words.end() || second == words.end()) continue;
      const auto postings = pairs.find(pair_key(first->second, second->second));
      add(postings, scores.passage_pairs, scores.pairs);
      for (const Posting& posting : postings) {
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

TextIndex::TextIndex(std::span<const model::PageContent> contents, std::string language) : state_(std::make_unique<State>()) {
  state_->language = std::move(language);
  state_->build(contents);
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
  const auto id = state_->stems.find(stem);
  return idf_of(state_->page_of.size(), id == state_->stems.end() ? 1 : state_->terms.find(id->second).size());
}

std::size_t TextIndex::passage_count() const {
  return state_->page_of.size();
}

std::size_t TextIndex::memory_bytes() const {
  // A node of the word tables takes about 64 bytes: string, id, hash, link.
  return state_->terms.memory_bytes() + state_->pairs.memory_bytes() + (state_->words.size() + state_->stems.size()) * 64 +
         state_->page_of.size() * 12;
}

}  // namespace gibsey::retrieval
