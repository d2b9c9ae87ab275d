#include "retrieval/sharded/merged_book.hpp"

#include "retrieval/bm25.hpp"
#include "retrieval/follow_up.hpp"
#include "retrieval/vector_index.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace gibsey::retrieval::sharded {
namespace {

/// A step between the numbers of pages that makes nobody a neighbour.
constexpr std::uint64_t kGap = 3;

}  // namespace

float mean_length(std::uint64_t words, std::uint64_t documents) {
  return words == 0 || documents == 0 ? 1.0f : static_cast<float>(words) / static_cast<float>(documents);
}

/// A page of the cards of one shard.
struct MergedBook::Place {
  const PageCard* page = nullptr;
  std::size_t shard = 0;
  std::uint32_t first = 0;                          ///< of its passages among the shard's
  std::vector<std::uint32_t>* number_of = nullptr;  ///< the shard's passages by their number here
};

MergedBook::MergedBook(const QuestionKeys& keys, const std::string& language, const Counts& counts, std::vector<Cards> cards,
                       Part part)
    : keys_(keys),
      language_(language),
      counts_(counts),
      cards_(std::move(cards)),
      stems_(keys.keys().stems.size()),
      pairs_(keys.keys().pairs.size()),
      mean_length_(mean_length(counts.words, counts.passages)),
      mean_page_length_(mean_length(counts.words, counts.pages)) {
  std::vector<std::vector<std::uint32_t>> numbers(cards_.size());
  std::vector<Place> places;
  for (std::size_t shard = 0; shard < cards_.size(); ++shard) {
    std::uint32_t first = 0;
    for (const PageCard& page : cards_[shard].pages) {
      places.push_back({&page, shard, first, &numbers[shard]});
      first += static_cast<std::uint32_t>(page.passages.size());
    }
    numbers[shard].resize(first);
  }
  std::ranges::sort(places, {}, [](const Place& place) { return std::tie(place.page->order, place.page->id); });
  for (const Place& place : places) add(place, part != Part::all);
  for (std::size_t shard = 0; shard < cards_.size(); ++shard) {
    add_postings(cards_[shard].stems, numbers[shard], stems_);
    add_postings(cards_[shard].pairs, numbers[shard], pairs_);
  }
  if (part != Part::chosen) sampled_.clear();
  if (std::ranges::none_of(cards_, &Cards::has_cosines)) cosines_.clear();
}

void MergedBook::add(const Place& place, bool in_gaps) {
  const PageCard& card = *place.page;
  if (in_gaps && !cards_of_.empty()) {
    // Orders may be far from each other, or one that a hostile node has made up.
    const std::int64_t before = cards_of_.back()->order;
    // Of unsigned numbers, which may wrap; the pages are in their order.
    const std::uint64_t apart = static_cast<std::uint64_t>(card.order) - static_cast<std::uint64_t>(before);
    const std::uint64_t step = std::clamp<std::uint64_t>(apart, 1, kGap);
    pages_.resize(pages_.size() + static_cast<std::size_t>(step) - 1);
    cards_of_.resize(pages_.size(), nullptr);
    page_lengths_.resize(pages_.size(), 0.0f);
  }
  const auto page = static_cast<std::uint32_t>(pages_.size());
  pages_.push_back({card.id, card.voice});
  cards_of_.push_back(&card);
  page_lengths_.push_back(0);
  for (std::size_t i = 0; i < card.passages.size(); ++i) {
    const PassageCard& passage = card.passages[i];
    (*place.number_of)[place.first + i] = static_cast<std::uint32_t>(page_of_.size());
    page_of_.push_back(page);
    numbers_.push_back(passage.number);
    lengths_.push_back(static_cast<float>(passage.length));
    page_lengths_.back() += lengths_.back();
    cosines_.push_back(passage.cosine);
    quotable_.push_back(passage.quotable);
    sampled_.push_back(card.sampled);
  }
}

void MergedBook::add_postings(const std::vector<std::vector<Posting>>& lists, std::span<const std::uint32_t> number_of,
                              std::vector<std::vector<Posting>>& to) const {
  for (std::size_t key = 0; key < std::min(lists.size(), to.size()); ++key) {
    for (const Posting& posting : lists[key]) to[key].push_back({number_of[posting.passage], posting.count});
  }
}

Signals MergedBook::score(std::string_view text, std::string_view subject) const {
  TextScores scores = TextScorer(*this, language_).score(text);
  if (!subject.empty()) add_subject(scores, TextScorer(*this, language_).score(subject));
  return fuse_signals(std::move(scores), cosines_, page_of_, sampled_);
}

float MergedBook::passage_weight(std::uint32_t passage, std::uint32_t count) const {
  return bm25::weight(count, bm25::norm(lengths_[passage], mean_length_));
}

float MergedBook::page_weight(std::uint32_t page, std::uint32_t count) const {
  return bm25::weight(count, bm25::norm(page_lengths_[page], mean_page_length_));
}

FoundKey MergedBook::stem(const std::string& stem) const {
  const std::size_t* const key = keys_.stem(stem);
  if (key == nullptr || *key >= counts_.stems.size()) return {};
  return {stems_[*key], counts_.stems[*key].passages, counts_.stems[*key].pages};
}

FoundKey MergedBook::pair(const std::string& first, const std::string& second) const {
  const std::size_t* const key = keys_.pair(first, second);
  if (key == nullptr || *key >= counts_.pairs.size()) return {};
  return {pairs_[*key], counts_.pairs[*key].passages, counts_.pairs[*key].pages};
}

std::vector<std::string> MergedBook::content_stems(std::string_view text) const {
  return retrieval::content_stems(text, language_);
}

float MergedBook::idf(const std::string& stem) const {
  return bm25::idf(counts_.passages, std::max<std::size_t>(this->stem(stem).passages, 1));
}

}  // namespace gibsey::retrieval::sharded
