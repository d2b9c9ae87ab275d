#include "retrieval/text_index.hpp"

#include "retrieval/bm25.hpp"
#include "retrieval/text_scoring.hpp"
#include "retrieval/words.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace gibsey::retrieval {
namespace {

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
    return bm25::weight(count, bm25::norm(of[document], mean));
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
  std::vector<std::uint32_t> page_of_passage;
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
        number_of[pages[page].segment][passage] = static_cast<std::uint32_t>(page_of_passage.size());
        page_of_passage.push_back(page);
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

  // A Collection, as TextScorer wants one.
  [[nodiscard]] std::size_t passages() const { return page_of_passage.size(); }
  [[nodiscard]] std::size_t pages() const { return page_count; }
  [[nodiscard]] std::size_t scored_passages() const { return passages(); }
  [[nodiscard]] std::size_t scored_pages() const { return pages(); }
  [[nodiscard]] std::uint32_t page_of(std::uint32_t passage) const { return page_of_passage[passage]; }
  [[nodiscard]] float passage_weight(std::uint32_t passage, std::uint32_t count) const {
    return passage_lengths.weight(passage, count);
  }
  [[nodiscard]] float page_weight(std::uint32_t page, std::uint32_t count) const { return page_lengths.weight(page, count); }
  [[nodiscard]] FoundKey stem(const std::string& stem) const { return counted(postings(stem)); }
  [[nodiscard]] FoundKey pair(const std::string& first, const std::string& second) const {
    return counted(pair_postings(first, second));
  }

  [[nodiscard]] FoundKey counted(std::vector<Posting> postings) const {
    std::size_t pages = 0;
    for (std::size_t i = 0; i < postings.size(); ++i) {
      if (i == 0 || page_of(postings[i].passage) != page_of(postings[i - 1].passage)) ++pages;
    }
    const std::size_t passages = postings.size();
    return {std::move(postings), passages, pages};
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
  return TextScorer(*state_, state_->language).score(query);
}

std::vector<Posting> TextIndex::postings(const std::string& stem) const {
  return state_->postings(stem);
}

std::vector<Posting> TextIndex::pair_postings(const std::string& first, const std::string& second) const {
  return state_->pair_postings(first, second);
}

std::uint32_t TextIndex::length(std::uint32_t passage) const {
  return static_cast<std::uint32_t>(state_->passage_lengths.of[passage]);
}

std::uint32_t TextIndex::page_of(std::uint32_t passage) const {
  return state_->page_of_passage[passage];
}

std::vector<std::string> content_stems(std::string_view text, const std::string& language) {
  const Stemmer stemmer(language);
  std::vector<std::string> found;
  for_each_word(text, [&](const std::string& word) {
    if (is_stop_word(word, language)) return;
    std::string stem = stemmer.stem(word);
    if (std::ranges::find(found, stem) == found.end()) found.push_back(std::move(stem));
  });
  return found;
}

std::vector<std::string> TextIndex::content_stems(std::string_view text) const {
  return retrieval::content_stems(text, state_->language);
}

float TextIndex::idf(const std::string& stem) const {
  return bm25::idf(state_->page_of_passage.size(), std::max<std::size_t>(state_->postings(stem).size(), 1));
}

const std::string& TextIndex::language() const {
  return state_->language;
}

std::size_t TextIndex::passage_count() const {
  return state_->page_of_passage.size();
}

std::size_t TextIndex::memory_bytes() const {
  std::size_t bytes = state_->page_of_passage.size() * 16;
  for (const auto& segment : state_->segments) bytes += segment->memory_bytes();
  return bytes;
}

}  // namespace gibsey::retrieval
