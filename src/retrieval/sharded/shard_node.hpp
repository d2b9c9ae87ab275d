#pragma once
#include "retrieval/async_lock.hpp"
#include "retrieval/page_index.hpp"
#include "retrieval/sharded/held_shard.hpp"
#include "retrieval/sharded/shard_map.hpp"
#include "store/page_store.hpp"

#include <boost/asio/thread_pool.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace gibsey::retrieval::sharded {

/// The shards that one memory node holds: read from the store, kept in step with it, and asked by coordinators. Safe to call from
/// any executor.
class ShardNode final : public PageIndex {
 public:
  /// `node`: its number in `map`. `embedding_model`: whose vectors are searched; "" for none. `pages` must outlive it.
  ShardNode(store::PageStore& pages, std::string embedding_model, ShardMap map, std::size_t node);
  ShardNode(const ShardNode&) = delete;
  ShardNode& operator=(const ShardNode&) = delete;

  /// Reads the pages of its shards alone.
  boost::asio::awaitable<Result<void>> load(std::string world) override;
  /// Nothing is read for a page of a shard that is another node's.
  boost::asio::awaitable<Result<void>> follow(std::string world, std::vector<std::string> page_ids) override;
  [[nodiscard]] bool holds(const std::string& world, const std::string& page_id) const override;
  /// Of its shards.
  [[nodiscard]] std::optional<BookSize> size(const std::string& world) const override;

  /// Answers a call (shard_nodes.hpp) for those of the shards that it holds; a world that it does not know has none. Errors:
  /// not_found (no such call), corrupt (bytes that are no question), conflict (the asker cuts worlds into another number of
  /// shards), those of the store.
  boost::asio::awaitable<Result<std::string>> answer(std::string call, std::string body);

 private:
  using Shards = std::map<std::uint32_t, std::shared_ptr<const HeldShard>>;
  struct World {
    std::string language;
    Shards shards;
  };
  boost::asio::awaitable<Result<World>> read_world(model::World world);
  boost::asio::awaitable<Result<std::string>> ask_shards(std::string call, ShardRequest request);
  [[nodiscard]] std::shared_ptr<const HeldShard> find(const std::string& world, std::uint32_t shard) const;

  store::PageStore& pages_;
  const std::string embedding_model_;
  const ShardMap map_;
  const std::size_t node_;
  mutable std::mutex mutex_;
  std::map<std::string, World> worlds_;
  // No executor of a caller may stand still while a shard is made or searched.
  boost::asio::thread_pool builders_{1};
  AsyncLock changing_{builders_.get_executor()};
  boost::asio::thread_pool searchers_;
};

}  // namespace gibsey::retrieval::sharded
