#pragma once
#include "provider/embedder.hpp"
#include "retrieval/page_index.hpp"
#include "retrieval/passage_finder.hpp"
#include "retrieval/question_embedder.hpp"
#include "retrieval/sharded/shard_nodes.hpp"
#include "store/page_store.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

namespace gibsey::retrieval::sharded {

struct ShardedFinderSettings {
  std::chrono::milliseconds deadline{500};  ///< of a search, its embedding aside, and of a quotation's check
  /// Counts of what happens, for the metrics: ("missing_shards", world, how many).
  std::function<void(std::string_view name, std::string_view label, double n)> count;
};

/// Finds lines of books whose shards lie on memory nodes: counts are gathered, then the candidates of every shard, and ranked by
/// the code that ranks a book in memory; then the quotes of the best pages. Shards that do not answer in time are left out, and
/// told of: Retrieved::missing_shards. What worlds there are, and their languages, the own store tells.
class ShardedFinder final : public PassageFinder, public PageIndex {
 public:
  /// `embedder` and `own` may be null. All must outlive the finder. `own`: the shards that this process holds itself, which is
  /// loaded and follows first.
  ShardedFinder(store::PageStore& pages, provider::Embedder* embedder, ShardNodes& nodes, PageIndex* own,
                ShardedFinderSettings settings);

  /// unavailable: no shard answered.
  boost::asio::awaitable<Result<Retrieved>> retrieve(Query query) override;
  /// unavailable also where it does not stand on the shards that answered, and some did not.
  boost::asio::awaitable<Result<std::optional<QuoteLocation>>> find_quote(std::string world, std::string claim,
                                                                          std::vector<std::string> preferred_pages) override;
  [[nodiscard]] bool can_find_quotes(const std::string& world) const override { return has_book(world); }
  [[nodiscard]] std::shared_ptr<const QuoteFinder> quotes(const std::string& /*world*/) const override { return nullptr; }
  [[nodiscard]] bool has_book(const std::string& world) const override;
  [[nodiscard]] std::optional<Error> refusal() const override { return nodes_.refusal(); }

  boost::asio::awaitable<Result<void>> load(std::string world) override;
  /// Has the owners of the page's shard take it in, so that what was written here is found here. Not an error where they do not
  /// answer: they follow the store by themselves.
  boost::asio::awaitable<Result<void>> follow(std::string world, std::vector<std::string> page_ids) override;
  /// By its own shards; where it has none, nothing.
  [[nodiscard]] bool holds(const std::string& world, const std::string& page_id) const override {
    return own_ != nullptr && own_->holds(world, page_id);
  }
  /// Of its own shards; where it has none, of the whole book.
  [[nodiscard]] std::optional<BookSize> size(const std::string& world) const override;

 private:
  struct KnownWorld {
    std::string language;
    BookSize size;
  };
  struct Search;
  boost::asio::awaitable<Result<Retrieved>> find(Query query);
  boost::asio::awaitable<Result<void>> gather_counts(Search& search);
  boost::asio::awaitable<void> gather_cards(Search& search);
  boost::asio::awaitable<Result<Retrieved>> quote(Search& search);
  boost::asio::awaitable<void> gather_pages(Search& search, std::size_t first, std::size_t end);
  [[nodiscard]] std::optional<KnownWorld> find_world(const std::string& world) const;
  [[nodiscard]] std::vector<std::uint32_t> all_shards() const;
  Error nobody_answers(const std::string& world, const std::vector<std::uint32_t>& missing) const;
  void tell_behind(const std::string& world, std::uint32_t shard, bool behind);
  void tell_missing(const std::string& world, const std::set<std::uint32_t>& missing) const;

  store::PageStore& pages_;
  QuestionEmbedder questions_;
  ShardNodes& nodes_;
  PageIndex* own_;
  ShardedFinderSettings settings_;
  mutable std::mutex mutex_;
  std::map<std::string, KnownWorld> worlds_;
  std::set<std::pair<std::string, std::uint32_t>> behind_;  ///< world, shard: whose owners did not take the last page in at once
};

}  // namespace gibsey::retrieval::sharded
