#include "retrieval/sharded/held_shard.hpp"

#include "retrieval/bm25.hpp"
#include "retrieval/large/top_list.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace gibsey::retrieval::sharded {
namespace {

using large::ScoredPassage;
using large::TopList;

// What is sampled stands together, so that its pages have neighbours: so many passages at a place.
constexpr std::size_t kSampledTogether = 32;
constexpr std::uint32_t kNeighbours = 2;
constexpr std::uint32_t kNotSent = std::numeric_limits<std::uint32_t>::max();

}  // namespace

/// The pages that are sent.
class HeldShard::Choice {
 public:
  explicit Choice(const HeldShard& shard) : shard_(shard), chosen_(shard.contents_.size(), false), sampled_(chosen_) {}

  void add_all() { chosen_.assign(chosen_.size(), true); }
  void add_page(std::uint32_t page) { chosen_[page] = true; }
  void add_around(std::uint32_t page) {
    const auto last = static_cast<std::uint32_t>(chosen_.size()) - 1;
    const std::uint32_t first = page < kNeighbours ? 0 : page - kNeighbours;
    for (std::uint32_t near = first; near <= std::min(last, page + kNeighbours); ++near) chosen_[near] = true;
  }
  /// By its scores, those above `bar`.
  void add_best(std::span<const float> scores, const Wanted& wanted, float bar = 0) {
    TopList best(std::min<std::size_t>(wanted.best, scores.size()));
    for (std::uint32_t i = 0; i < scores.size(); ++i) {
      if (scores[i] > bar) best.show({scores[i], i});
    }
    std::uint32_t near = wanted.near_of;
    for (const ScoredPassage& passage : best.sorted()) {
      const std::uint32_t page = shard_.text_.page_of(passage.passage);
      near > 0 ? add_around(page) : add_page(page);
      if (near > 0) --near;
    }
  }
  void add_open(const std::string& id) {
    for (std::uint32_t page = 0; !id.empty() && page < chosen_.size(); ++page) {
      if (shard_.contents_[page].page.id == id) add_around(page);
    }
  }
  /// Whole pages from places of equal distance, as many as are the shard's share of the book's sample.
  void add_sample(const Wanted& wanted) {
    const std::uint64_t all = shard_.passage_count();
    if (all == 0 || wanted.book_passages == 0) return;
    const std::uint64_t share = std::min(all, (wanted.book_sample * all + wanted.book_passages - 1) / wanted.book_passages);
    const std::uint64_t places = std::max<std::uint64_t>(1, share / kSampledTogether);
    for (std::uint64_t place = 0; place < places; ++place) {
      const auto first = static_cast<std::uint32_t>(place * all / places);
      const auto end = static_cast<std::uint32_t>(std::min(all, first + std::max<std::uint64_t>(share / places, 1)));
      for (std::uint32_t page = shard_.text_.page_of(first); page <= shard_.text_.page_of(end - 1); ++page) {
        chosen_[page] = true;
        sampled_[page] = true;
      }
    }
  }
  [[nodiscard]] bool has(std::uint32_t page) const { return chosen_[page]; }
  [[nodiscard]] bool is_sampled(std::uint32_t page) const { return sampled_[page]; }

 private:
  const HeldShard& shard_;
  std::vector<bool> chosen_;
  std::vector<bool> sampled_;
};

HeldShard::HeldShard(BookParts parts)
    : contents_(std::move(parts)),
      text_(contents_.text_index()),
      vectors_(contents_.vector_index()),
      quotes_(contents_.quote_finder()) {
  firsts_.push_back(0);
  for (std::size_t page = 0; page < contents_.size(); ++page)
    firsts_.push_back(firsts_.back() + static_cast<std::uint32_t>(contents_[page].passages.size()));
  for (std::uint32_t passage = 0; passage < passage_count(); ++passage) words_ += text_.length(passage);
}

BookSize HeldShard::size() const {
  return {contents_.size(), passage_count(), passage_count() - vectors_.size()};
}

KeyCount HeldShard::count(std::span<const Posting> postings) const {
  KeyCount count{.passages = postings.size()};
  for (std::size_t i = 0; i < postings.size(); ++i) {
    if (i == 0 || text_.page_of(postings[i].passage) != text_.page_of(postings[i - 1].passage)) ++count.pages;
  }
  return count;
}

Counts HeldShard::count(const Keys& keys) const {
  Counts counts{.passages = passage_count(), .pages = contents_.size(), .words = words_, .vectors = vectors_.size()};
  for (const std::string& stem : keys.stems) counts.stems.push_back(count(text_.postings(stem)));
  for (const auto& [first, second] : keys.pairs) counts.pairs.push_back(count(text_.pair_postings(first, second)));
  return counts;
}

namespace {

/// The postings of a question's keys, each looked up once, and what they make of every passage.
struct LookedUp {
  std::vector<std::vector<Posting>> stems;
  std::vector<std::vector<Posting>> pairs;

  LookedUp(const TextIndex& text, const Keys& keys) {
    for (const std::string& stem : keys.stems) stems.push_back(text.postings(stem));
    for (const auto& [first, second] : keys.pairs) pairs.push_back(text.pair_postings(first, second));
  }

  static std::vector<float> scores(const TextIndex& text, float mean, const std::vector<std::vector<Posting>>& keys,
                                   std::span<const float> weights) {
    std::vector<float> scores(text.passage_count(), 0.0f);
    for (std::size_t key = 0; key < keys.size(); ++key) {
      if (!(weights[key] > 0)) continue;
      for (const Posting& posting : keys[key]) {
        const float norm = bm25::norm(static_cast<float>(text.length(posting.passage)), mean);
        scores[posting.passage] += weights[key] * bm25::weight(posting.count, norm);
      }
    }
    return scores;
  }
};

/// By what they are numbered in what is sent; rising, since TextIndex gives segment after segment.
std::vector<Posting> sent(const std::vector<Posting>& postings, std::span<const std::uint32_t> number_of) {
  std::vector<Posting> list;
  for (const Posting& posting : postings) {
    if (number_of[posting.passage] != kNotSent) list.push_back({number_of[posting.passage], posting.count});
  }
  std::ranges::sort(list, {}, &Posting::passage);
  return list;
}

}  // namespace

PageCard HeldShard::card_of(std::uint32_t page, std::span<const float> cosines) const {
  const model::PageContent& content = contents_[page];
  PageCard card{content.page.id, content.page.order, content.page.voice, content.page.version, false, {}};
  for (std::size_t i = 0; i < content.passages.size(); ++i) {
    const int number = content.passages[i].number;
    const auto passage = firsts_[page] + static_cast<std::uint32_t>(i);
    const bool quotable = std::ranges::find(content.quotes, number, &model::QuoteCandidate::passage) != content.quotes.end();
    card.passages.push_back({number, text_.length(passage), quotable, cosines.empty() ? VectorIndex::kNone : cosines[passage]});
  }
  return card;
}

Cards HeldShard::find_cards(const Wanted& wanted) const {
  const LookedUp found(text_, wanted.keys);
  const std::vector<float> cosines = vectors_.score(wanted.vector);
  Choice choice(*this);
  if (wanted.whole) {
    choice.add_all();
  } else {
    choice.add_best(LookedUp::scores(text_, wanted.mean_length, found.stems, wanted.stem_weights), wanted);
    choice.add_best(LookedUp::scores(text_, wanted.mean_length, found.pairs, wanted.pair_weights), wanted);
    choice.add_best(LookedUp::scores(text_, wanted.mean_length, found.stems, wanted.subject_weights), wanted);
    choice.add_best(cosines, wanted, VectorIndex::kNone);
    choice.add_open(wanted.open_page);
    choice.add_sample(wanted);
  }
  Cards cards{.pages = {}, .has_cosines = !cosines.empty(), .stems = {}, .pairs = {}};
  std::vector<std::uint32_t> number_of(passage_count(), kNotSent);
  std::uint32_t next = 0;
  for (std::uint32_t page = 0; page < contents_.size(); ++page) {
    if (!choice.has(page)) continue;
    cards.pages.push_back(card_of(page, cosines));
    cards.pages.back().sampled = choice.is_sampled(page);
    for (std::uint32_t passage = firsts_[page]; passage < firsts_[page + 1]; ++passage) number_of[passage] = next++;
  }
  for (const auto& postings : found.stems) cards.stems.push_back(sent(postings, number_of));
  for (const auto& postings : found.pairs) cards.pairs.push_back(sent(postings, number_of));
  return cards;
}

std::vector<model::PageContent> HeldShard::quotes_of(std::span<const PassageName> names) const {
  std::vector<model::PageContent> pages;
  for (std::size_t i = 0; i < contents_.size(); ++i) {
    const model::PageContent& content = contents_[i];
    std::vector<int> passages;
    for (const PassageName& name : names) {
      if (name.page_id == content.page.id) passages.push_back(name.passage);
    }
    if (passages.empty()) continue;
    const auto is_asked = [&passages](int passage) { return std::ranges::find(passages, passage) != passages.end(); };
    model::PageContent asked;
    std::ranges::copy_if(content.quotes, std::back_inserter(asked.quotes), is_asked, &model::QuoteCandidate::passage);
    asked.page = content.page;
    asked.page.text = {};
    pages.push_back(std::move(asked));
  }
  return pages;
}

std::optional<Found> HeldShard::find_quote(const Claim& claim) const {
  auto match = quotes_->match(claim.text, claim.preferred);
  if (!match) return std::nullopt;
  return Found{match->bare, match->rank, contents_[match->page].page.order, std::move(match->location)};
}

}  // namespace gibsey::retrieval::sharded
