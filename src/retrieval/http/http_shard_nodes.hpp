#pragma once
#include "retrieval/http/node_client.hpp"
#include "retrieval/sharded/shard_map.hpp"
#include "retrieval/sharded/shard_nodes.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <memory>
#include <vector>

namespace gibsey::retrieval::http {

struct ShardNodesSettings {
  std::chrono::milliseconds second_after{60};  ///< when the next owner of a shard is asked too
  net::BreakerSettings breaker;
  net::HttpHeaders headers;  ///< sent with every call: whom the nodes know us by
};

/// Memory nodes over HTTP: POST {url}/v1/shards/{call}. All owners are asked at once, each for the shards of which it is the
/// first that is well; those that fail, or do not answer within `second_after`, are asked of the next owners too, and what comes
/// first is taken.
class HttpShardNodes final : public sharded::ShardNodes {
 public:
  /// Calls run on `executor`, whose context must be running and outlive this; so must the pool's. invalid_argument: an address.
  static Result<std::unique_ptr<HttpShardNodes>> create(boost::asio::any_io_executor executor, sharded::ShardMap map,
                                                        ShardNodesSettings settings, std::shared_ptr<net::HttpPool> pool);

  boost::asio::awaitable<sharded::ShardAnswers> ask(std::string call, std::string world, std::vector<std::uint32_t> shards,
                                                    std::string payload, Deadline deadline) override;
  [[nodiscard]] std::uint32_t shards() const override { return map_.shards(); }
  [[nodiscard]] std::optional<Error> refusal() const override;
  [[nodiscard]] std::string told(const std::string& world, const std::vector<std::uint32_t>& shards) const override;

  /// For /health: one a node.
  [[nodiscard]] std::vector<net::ServiceState> states() const;

 private:
  HttpShardNodes(boost::asio::any_io_executor executor, sharded::ShardMap map, ShardNodesSettings settings,
                 const std::shared_ptr<net::HttpPool>& pool);

  boost::asio::any_io_executor executor_;
  const sharded::ShardMap map_;
  const ShardNodesSettings settings_;
  std::vector<std::shared_ptr<NodeClient>> clients_;  ///< as the map's nodes; calls outlast who asked
};

}  // namespace gibsey::retrieval::http
