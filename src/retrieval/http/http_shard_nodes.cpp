#include "retrieval/http/http_shard_nodes.hpp"

#include "retrieval/http/shard_gathering.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <utility>

namespace gibsey::retrieval::http {

namespace asio = boost::asio;

Result<std::unique_ptr<HttpShardNodes>> HttpShardNodes::create(asio::any_io_executor executor, sharded::ShardMap map,
                                                               ShardNodesSettings settings, std::shared_ptr<net::HttpPool> pool) {
  for (const sharded::MemoryNode& node : map.nodes()) GIBSEY_CHECK(net::check_service_address("GIBSEY_MEMORY_NODES", node.url));
  return std::unique_ptr<HttpShardNodes>(new HttpShardNodes(std::move(executor), std::move(map), std::move(settings), pool));
}

HttpShardNodes::HttpShardNodes(asio::any_io_executor executor, sharded::ShardMap map, ShardNodesSettings settings,
                               const std::shared_ptr<net::HttpPool>& pool)
    : executor_(std::move(executor)), map_(std::move(map)), settings_(std::move(settings)) {
  for (const sharded::MemoryNode& node : map_.nodes())
    clients_.push_back(std::make_shared<NodeClient>(node, settings_.headers, settings_.breaker, pool));
}

asio::awaitable<sharded::ShardAnswers> HttpShardNodes::ask(std::string call, std::string world, std::vector<std::uint32_t> shards,
                                                           std::string payload, Deadline deadline) {
  std::vector<ShardGathering::Asked> asked;
  for (const std::uint32_t shard : shards) {
    ShardGathering::Asked one{.shard = shard, .owners = {}};
    // Whoever is known to fail is asked last.
    std::vector<std::shared_ptr<NodeClient>> failing;
    for (const std::size_t node : map_.owners(world, shard))
      (clients_[node]->refusal() ? failing : one.owners).push_back(clients_[node]);
    one.owners.insert(one.owners.end(), failing.begin(), failing.end());
    asked.push_back(std::move(one));
  }
  ShardGathering::Question question{std::move(call), std::move(world), map_.shards(), std::move(payload)};
  const auto gathering =
      std::make_shared<ShardGathering>(executor_, std::move(question), std::move(asked), settings_.second_after, deadline);
  co_return co_await gathering->gather();
}

std::optional<Error> HttpShardNodes::refusal() const {
  std::optional<Error> refusal;
  for (const auto& client : clients_) {
    refusal = client->refusal();
    if (!refusal) return std::nullopt;
  }
  return refusal;
}

std::string HttpShardNodes::told(const std::string& world, const std::vector<std::uint32_t>& shards) const {
  std::map<std::string, std::vector<std::uint32_t>> by_owners;
  for (const std::uint32_t shard : shards) {
    std::vector<std::string> names;
    for (const std::size_t node : map_.owners(world, shard)) names.push_back(map_.nodes()[node].name);
    by_owners[fmt::format("{}", fmt::join(names, " or "))].push_back(shard);
  }
  std::vector<std::string> parts;
  for (const auto& [names, numbers] : by_owners) {
    parts.push_back(fmt::format("{} ({} {})", names, numbers.size() == 1 ? "shard" : "shards", fmt::join(numbers, ", ")));
  }
  return fmt::format("{}", fmt::join(parts, "; "));
}

std::vector<net::ServiceState> HttpShardNodes::states() const {
  std::vector<net::ServiceState> states;
  for (const auto& client : clients_) states.push_back(client->state());
  return states;
}

}  // namespace gibsey::retrieval::http
