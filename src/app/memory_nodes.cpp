#include "app/memory_nodes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace gibsey::app {

namespace sharded = retrieval::sharded;
using std::chrono::milliseconds;

Result<std::unique_ptr<MemoryNodes>> MemoryNodes::open(const Config& config, Parts parts) {
  if (config.memory_nodes.empty() && config.memory_node.empty()) return nullptr;
  const auto wrong = [](const char* setting, const std::string& why) {
    return fail(ErrorCode::invalid_argument, fmt::format("{}: {}", setting, why));
  };
  auto named = sharded::parse_memory_nodes(config.memory_nodes);
  if (!named) return wrong("GIBSEY_MEMORY_NODES", named.error().message);
  const auto own = std::ranges::find(*named, config.memory_node, &sharded::MemoryNode::name);
  const auto number = static_cast<std::size_t>(own - named->begin());
  if (!config.memory_node.empty() && own == named->end())
    return wrong("GIBSEY_MEMORY_NODE", fmt::format("'{}' is none of GIBSEY_MEMORY_NODES", config.memory_node));
  auto map = sharded::ShardMap::make(*std::move(named), static_cast<std::uint32_t>(config.shards),
                                     static_cast<std::uint32_t>(config.shard_replicas));
  if (!map) return wrong("GIBSEY_MEMORY_NODES, GIBSEY_SHARDS, GIBSEY_SHARD_REPLICAS", map.error().message);
  std::unique_ptr<MemoryNodes> nodes(new MemoryNodes());
  const std::string model = parts.embedder != nullptr ? parts.embedder->model() : std::string();
  if (!config.memory_node.empty()) nodes->node_ = std::make_unique<sharded::ShardNode>(parts.pages, model, *map, number);
  retrieval::http::ShardNodesSettings settings{.second_after = milliseconds(config.shard_second), .breaker = {}, .headers = {}};
  const auto& token = config.auth.service_token;
  if (!token.empty()) settings.headers.add("Authorization", "Bearer " + token);
  GIBSEY_TRY(nodes->nodes_, retrieval::http::HttpShardNodes::create(parts.executor, *map, std::move(settings), parts.pool));
  nodes->finder_ = std::make_unique<sharded::ShardedFinder>(
      parts.pages, parts.embedder, *nodes->nodes_, nodes->node_.get(),
      sharded::ShardedFinderSettings{.deadline = milliseconds(config.shard_deadline), .count = std::move(parts.count)});
  return nodes;
}

std::vector<server::HealthSnapshot::Dependency> MemoryNodes::dependencies() const {
  std::vector<server::HealthSnapshot::Dependency> all;
  for (const auto& state : nodes_->states()) {
    // One that was not called yet is not known to be away.
    all.push_back({.name = "memory:" + state.name,
                   .connected = state.connected || !state.tried,
                   .latency_ms = state.latency_ms,
                   .detail = state.detail});
  }
  return all;
}

}  // namespace gibsey::app
