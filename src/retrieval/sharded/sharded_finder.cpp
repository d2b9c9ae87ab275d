#include "retrieval/sharded/sharded_finder.hpp"

#include "base/log.hpp"
#include "retrieval/bm25.hpp"
#include "retrieval/follow_up.hpp"
#include "retrieval/sharded/merged_book.hpp"
#include "retrieval/sharded/shard_map.hpp"

#include <fmt/format.h>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <deque>
#include <numeric>
#include <optional>
#include <utility>

namespace gibsey::retrieval::sharded {

namespace asio = boost::asio;
using asio::experimental::awaitable_operators::operator&&;

namespace {

using Clock = std::chrono::steady_clock;

// Passages that stand for all of the book where means and deviations are wanted; a book of no more is sent and scored whole. As
// large/candidates.cpp has them.
constexpr std::uint64_t kSampled = 2048;
// By each signal, over all shards: what is best by all of them together is among the best of one. Passages that speak of one
// matter may stand on one shard, so each is asked for half as many again as its part, and some.
constexpr std::uint32_t kBestOfEach = 225;
constexpr std::uint32_t kBestAtLeast = 12;
constexpr std::uint32_t kWithNeighbours = 45;
constexpr std::uint32_t kWithNeighboursAtLeast = 4;

double milliseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

/// What each asking for a key is worth, by the statistics of the whole book.
std::vector<float> weights_of(const Counts& counts, const std::vector<KeyCount>& keys, const std::vector<int>& asked) {
  std::vector<float> weights;
  for (std::size_t i = 0; i < keys.size(); ++i)
    weights.push_back(static_cast<float>(asked[i]) * bm25::idf(counts.passages, keys[i].passages));
  return weights;
}

}  // namespace

/// One question on its way. What the book refers to stays where it is.
struct ShardedFinder::Search {
  Search(Query asked, std::string of_language, std::string of_subject)
      : query(std::move(asked)),
        language(std::move(of_language)),
        subject(std::move(of_subject)),
        keys(query.text, subject, language) {}
  Search(const Search&) = delete;
  Search& operator=(const Search&) = delete;

  const Query query;
  const std::string language;
  const std::string subject;
  const QuestionKeys keys;
  std::set<std::uint32_t> missing;
  std::vector<std::uint32_t> there;  ///< shards that have answered so far
  Deadline deadline = Deadline::never();
  Embedded embedded;
  Counts counts;
  std::optional<MergedBook> book;
  Signals signals;
  std::vector<RankedPassage> ranked;
  std::deque<model::PageContent> pages;  ///< with quotes of some of the ranked passages

  /// Those of the shards that `read` can make something of.
  template <typename Read>
  void take(const ShardAnswers& answers, Read read) {
    std::vector<std::uint32_t> read_well;
    for (const std::uint32_t shard : there) {
      const auto answer = answers.find(shard);
      if (answer != answers.end() && read(answer->second)) {
        read_well.push_back(shard);
      } else {
        missing.insert(shard);
      }
    }
    there = std::move(read_well);
  }
  [[nodiscard]] Wanted wanted(std::uint32_t shards) const;
  [[nodiscard]] std::vector<RankedPassage> quotable(std::size_t first_of_ranked) const;
};

Wanted ShardedFinder::Search::wanted(std::uint32_t shards) const {
  return {.whole = counts.passages <= kSampled,
          .best = kBestAtLeast + kBestOfEach / shards,
          .near_of = kWithNeighboursAtLeast + kWithNeighbours / shards,
          .book_sample = kSampled,
          .book_passages = counts.passages,
          .mean_length = mean_length(counts.words, counts.passages),
          .keys = keys.keys(),
          .stem_weights = weights_of(counts, counts.stems, keys.in_text),
          .subject_weights = weights_of(counts, counts.stems, keys.in_subject),
          .pair_weights = weights_of(counts, counts.pairs, keys.pairs_in_text),
          .vector = embedded.vector,
          .open_page = query.page_id};
}

/// Of the first of the ranked passages those whose quotes are there, of the version that was ranked.
std::vector<RankedPassage> ShardedFinder::Search::quotable(std::size_t first_of_ranked) const {
  std::vector<RankedPassage> found;
  for (RankedPassage passage : std::span(ranked).first(first_of_ranked)) {
    const PageCard& card = book->card(book->page_of(passage.passage));
    const int number = book->number_in_page(passage.passage);
    for (const model::PageContent& content : pages) {
      if (content.page.id != card.id || content.page.version != card.version) continue;
      const auto first = std::ranges::find(content.quotes, number, &model::QuoteCandidate::passage);
      const auto last =
          std::ranges::find_if(first, content.quotes.end(), [&](const auto& quote) { return quote.passage != number; });
      if (first == last) continue;
      passage.quotes = {first, last};
      found.push_back(passage);
      break;
    }
  }
  return found;
}

ShardedFinder::ShardedFinder(store::PageStore& pages, provider::Embedder* embedder, ShardNodes& nodes, PageIndex* own,
                             ShardedFinderSettings settings)
    : pages_(pages), questions_(embedder), nodes_(nodes), own_(own), settings_(std::move(settings)) {}

asio::awaitable<Result<Retrieved>> ShardedFinder::retrieve(Query query) {
  // What waits for two things at a time must do so on one strand. And to its end: an asker who leaves is no missing shard.
  auto to_the_end = asio::bind_cancellation_slot(asio::cancellation_slot(), asio::use_awaitable_t<>());
  co_return co_await asio::co_spawn(asio::make_strand(co_await asio::this_coro::executor), find(std::move(query)),
                                    std::move(to_the_end));
}

asio::awaitable<Result<Retrieved>> ShardedFinder::find(Query query) {
  const auto world = find_world(query.world);
  if (!world) co_return fail(ErrorCode::not_found, fmt::format("no world {} is loaded", query.world));
  GIBSEY_CO_CHECK(check_query(query));
  const auto start = Clock::now();
  std::string subject = subject_of(query, world->language);
  Search search(std::move(query), world->language, std::move(subject));
  std::string asked = search.subject.empty() ? search.query.text : search.subject + " " + search.query.text;
  // In this order: the embedding begins, waits, and leaves the thread to the counts.
  auto [embedded, counted] = co_await (questions_.embed(std::move(asked)) && gather_counts(search));
  if (!counted) co_return std::unexpected(counted.error());
  search.embedded = std::move(embedded);
  if (search.counts.vectors == 0) search.embedded.vector.clear();
  co_await gather_cards(search);
  if (search.there.empty()) co_return std::unexpected(nobody_answers(search.query.world, all_shards()));
  auto found = co_await quote(search);
  if (!found) co_return std::unexpected(found.error());
  found->shards = nodes_.shards();
  found->missing_shards.assign(search.missing.begin(), search.missing.end());
  tell_missing(search.query.world, search.missing);
  found->embed_ms = search.embedded.ms;
  found->search_ms = std::max(0.0, milliseconds_since(start) - search.embedded.ms);
  co_return found;
}

asio::awaitable<Result<void>> ShardedFinder::gather_counts(Search& search) {
  const auto start = Clock::now();
  search.there = all_shards();
  const auto answers = co_await nodes_.ask(kCallCounts, search.query.world, search.there, encode(search.keys.keys()),
                                           Deadline::after(settings_.deadline));
  const Keys& keys = search.keys.keys();
  search.take(answers, [&](const std::string& answer) {
    const auto counts = read_counts(answer);
    if (!counts || counts->stems.size() != keys.stems.size() || counts->pairs.size() != keys.pairs.size()) return false;
    search.counts.add(*counts);
    return true;
  });
  // What the embedding takes longer is not the shards' fault.
  search.deadline = Deadline::after(settings_.deadline - (Clock::now() - start));
  if (search.there.empty()) co_return std::unexpected(nobody_answers(search.query.world, all_shards()));
  co_return Result<void>();
}

asio::awaitable<void> ShardedFinder::gather_cards(Search& search) {
  const Wanted wanted = search.wanted(nodes_.shards());
  const auto deadline = std::max(search.deadline.at(), Clock::now() + settings_.deadline / 4);
  const auto answers =
      co_await nodes_.ask(kCallCards, search.query.world, search.there, encode(wanted), Deadline::after(deadline - Clock::now()));
  std::vector<Cards> cards_of;
  search.take(answers, [&cards_of](const std::string& answer) {
    auto cards = read_cards(answer);
    if (cards) cards_of.push_back(*std::move(cards));
    return cards.has_value();
  });
  using enum MergedBook::Part;
  const auto part = !wanted.whole ? chosen : search.missing.empty() ? all : in_gaps;
  search.book.emplace(search.keys, search.language, search.counts, std::move(cards_of), part);
  search.signals = search.book->score(search.query.text, search.subject);
  search.ranked = rank_passages(search.query, !search.subject.empty(), search.book->ranked(), search.signals);
}

/// Of most questions the first dozen passages are enough.
asio::awaitable<Result<Retrieved>> ShardedFinder::quote(Search& search) {
  const std::size_t wanted = passages_quoted_from(search.query.k);
  std::size_t asked = 0;
  Retrieved result;
  for (const std::size_t most : {wanted, search.ranked.size()}) {
    const std::size_t first = std::exchange(asked, std::min(most, search.ranked.size()));
    co_await gather_pages(search, first, asked);
    const auto quotable = search.quotable(asked);
    const auto different = different_passages(quotable, wanted);
    if (different.size() < wanted && asked < search.ranked.size()) continue;
    for (const ChosenQuote& chosen : choose_quotes(search.query.text, *search.book, different, search.query.k)) {
      const std::uint32_t page = search.book->page_of(chosen.passage);
      const auto is_of_page = [&chosen](const model::PageContent& content) { return content.page.id == chosen.quote->page_id; };
      const auto content = std::ranges::find_if(search.pages, is_of_page);
      result.hits.push_back(make_hit(chosen, content->page, page, search.signals));
    }
    judge(result, search.signals, search.embedded.scale, quotable);
    break;
  }
  co_return result;
}

/// Gets the quotes of some of the ranked passages.
asio::awaitable<void> ShardedFinder::gather_pages(Search& search, std::size_t first, std::size_t end) {
  std::vector<PassageName> names;
  std::set<std::uint32_t> shards;
  for (std::size_t i = first; i < end; ++i) {
    const std::uint32_t passage = search.ranked[i].passage;
    const PageCard& card = search.book->card(search.book->page_of(passage));
    names.push_back({card.id, search.book->number_in_page(passage)});
    shards.insert(shard_of(search.query.world, card.id, nodes_.shards()));
  }
  if (names.empty()) co_return;
  const auto deadline = std::max(search.deadline.at(), Clock::now() + settings_.deadline / 4);
  const auto answers = co_await nodes_.ask(kCallPages, search.query.world, {shards.begin(), shards.end()}, encode(names),
                                           Deadline::after(deadline - Clock::now()));
  for (const std::uint32_t shard : shards) {
    const auto answer = answers.find(shard);
    auto pages =
        answer == answers.end() ? fail(ErrorCode::unavailable, "no answer") : read_pages(answer->second, search.query.world);
    if (!pages) search.missing.insert(shard);
    if (pages) std::ranges::move(*pages, std::back_inserter(search.pages));
  }
}

asio::awaitable<Result<std::optional<QuoteLocation>>> ShardedFinder::find_quote(std::string world, std::string claim,
                                                                                std::vector<std::string> preferred_pages) {
  if (!has_book(world)) co_return fail(ErrorCode::unavailable, fmt::format("The book of '{}' cannot be looked at here.", world));
  const auto answers =
      co_await nodes_.ask(kCallQuote, world, all_shards(), encode(Claim{std::move(claim), std::move(preferred_pages)}),
                          Deadline::after(settings_.deadline));
  std::optional<Found> first;
  std::set<std::uint32_t> missing;
  for (const std::uint32_t shard : all_shards()) {
    const auto answer = answers.find(shard);
    const auto found = answer == answers.end() ? fail(ErrorCode::unavailable, "no answer") : read_found(answer->second);
    if (!found) missing.insert(shard);
    if (found && *found && (!first || comes_before(**found, *first))) first = **found;
  }
  tell_missing(world, missing);
  if (!first && !missing.empty()) co_return std::unexpected(nobody_answers(world, {missing.begin(), missing.end()}));
  if (!first) co_return std::optional<QuoteLocation>();
  co_return std::move(first->location);
}

bool ShardedFinder::has_book(const std::string& world) const {
  const auto known = find_world(world);
  return known && known->size.pages > 0;
}

asio::awaitable<Result<void>> ShardedFinder::load(std::string world) {
  if (own_ != nullptr) GIBSEY_CO_CHECK(co_await own_->load(world));
  GIBSEY_CO_TRY(const auto found, co_await pages_.find_world(world));
  if (!found) co_return fail(ErrorCode::not_found, fmt::format("no world {}", world));
  KnownWorld known{.language = found->language, .size = {}};
  GIBSEY_CO_TRY(const auto pages, co_await pages_.count_pages(world));
  GIBSEY_CO_TRY(const auto passages, co_await pages_.count_passages(world));
  known.size.pages = static_cast<std::size_t>(pages);
  known.size.passages = static_cast<std::size_t>(passages);
  const std::scoped_lock lock(mutex_);
  worlds_[world] = std::move(known);
  co_return Result<void>();
}

asio::awaitable<Result<void>> ShardedFinder::follow(std::string world, std::vector<std::string> page_ids) {
  if (own_ != nullptr) GIBSEY_CO_CHECK(co_await own_->follow(world, page_ids));
  const auto known = find_world(world);
  if (!known) co_return Result<void>();
  // Whether there is a book may change with its first page; its size is that of the last load. To count all pages at each edit
  // would take time by their number.
  if (known->size.pages == 0) {
    GIBSEY_CO_TRY(const auto pages, co_await pages_.count_pages(world));
    const std::scoped_lock lock(mutex_);
    if (const auto at = worlds_.find(world); at != worlds_.end()) at->second.size.pages = static_cast<std::size_t>(pages);
  }
  std::set<std::uint32_t> shards;
  for (const std::string& id : page_ids) shards.insert(shard_of(world, id, nodes_.shards()));
  const auto answers = co_await nodes_.ask(kCallFollow, world, {shards.begin(), shards.end()}, encode(page_ids),
                                           Deadline::after(settings_.deadline));
  for (const std::uint32_t shard : shards) tell_behind(world, shard, !answers.contains(shard));
  co_return Result<void>();
}

std::optional<BookSize> ShardedFinder::size(const std::string& world) const {
  if (own_ != nullptr) return own_->size(world);
  const auto known = find_world(world);
  return known ? std::optional(known->size) : std::nullopt;
}

std::optional<ShardedFinder::KnownWorld> ShardedFinder::find_world(const std::string& world) const {
  const std::scoped_lock lock(mutex_);
  const auto known = worlds_.find(world);
  return known == worlds_.end() ? std::nullopt : std::optional(known->second);
}

std::vector<std::uint32_t> ShardedFinder::all_shards() const {
  std::vector<std::uint32_t> all(nodes_.shards());
  std::iota(all.begin(), all.end(), 0U);
  return all;
}

Error ShardedFinder::nobody_answers(const std::string& world, const std::vector<std::uint32_t>& missing) const {
  return {ErrorCode::unavailable, fmt::format("the book of '{}' cannot be reached: {} did not answer in {} ms", world,
                                              nodes_.told(world, missing), settings_.deadline.count())};
}

void ShardedFinder::tell_missing(const std::string& world, const std::set<std::uint32_t>& missing) const {
  if (missing.empty()) return;
  log::warn("world {}: {} of {} shards did not answer: {}", world, missing.size(), nodes_.shards(),
            nodes_.told(world, {missing.begin(), missing.end()}));
  if (settings_.count) settings_.count("missing_shards", world, static_cast<double>(missing.size()));
}

/// Once, not with each page, that the owners of a shard do not take pages in at once.
void ShardedFinder::tell_behind(const std::string& world, std::uint32_t shard, bool behind) {
  {
    const std::scoped_lock lock(mutex_);
    const bool was_behind = behind_.contains({world, shard});
    if (was_behind == behind) return;
    if (behind)
      behind_.emplace(world, shard);
    else
      behind_.erase({world, shard});
  }
  if (behind)
    log::warn("world {}: {} did not take in a changed page at once", world, nodes_.told(world, {shard}));
  else
    log::info("world {}: shard {} takes in changed pages again", world, shard);
}

}  // namespace gibsey::retrieval::sharded
