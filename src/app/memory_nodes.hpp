#pragma once
#include "app/config.hpp"
#include "base/result.hpp"
#include "net/http_pool.hpp"
#include "provider/embedder.hpp"
#include "retrieval/http/http_shard_nodes.hpp"
#include "retrieval/sharded/shard_node.hpp"
#include "retrieval/sharded/sharded_finder.hpp"
#include "server/services.hpp"
#include "store/page_store.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace gibsey::app {

/// The memory nodes that GIBSEY_MEMORY_NODES names: how they are asked, and the shards of the one that this process is
/// (docs/memory_nodes.md).
class MemoryNodes {
 public:
  struct Parts {
    boost::asio::any_io_executor executor;
    store::PageStore& pages;
    provider::Embedder* embedder;  ///< null: words alone are searched
    std::shared_ptr<net::HttpPool> pool;
    std::function<void(std::string_view name, std::string_view label, double n)> count;
  };
  /// nullptr where none is named. All parts must outlive it. invalid_argument: a setting.
  static Result<std::unique_ptr<MemoryNodes>> open(const Config& config, Parts parts);

  [[nodiscard]] retrieval::sharded::ShardedFinder& finder() { return *finder_; }
  /// The shards that are held here; nullptr where this process is no node.
  [[nodiscard]] retrieval::sharded::ShardNode* node() { return node_.get(); }
  [[nodiscard]] std::vector<server::HealthSnapshot::Dependency> dependencies() const;

 private:
  MemoryNodes() = default;

  std::unique_ptr<retrieval::sharded::ShardNode> node_;
  std::unique_ptr<retrieval::http::HttpShardNodes> nodes_;
  std::unique_ptr<retrieval::sharded::ShardedFinder> finder_;
};

}  // namespace gibsey::app
