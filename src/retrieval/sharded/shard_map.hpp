#pragma once
#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gibsey::retrieval::sharded {

/// The shard of a page. By its id alone, which never changes, as its chapter and its place in the book may: whoever reads of a
/// change knows by the event whether it is theirs. Pages whose ids count up (as those that are read from books do) are cut into
/// runs of 32, so that most neighbours share a shard.
[[nodiscard]] std::uint32_t shard_of(std::string_view world, std::string_view page_id, std::uint32_t shards);

struct MemoryNode {
  std::string name;
  std::string url;  ///< "http://memory-1:8001"
};

/// "a=http://memory-1:8001,b=http://memory-2:8001". invalid_argument: a part that is not name=url, a name twice, a name with
/// other signs than letters, digits, '-', '_' and '.'.
[[nodiscard]] Result<std::vector<MemoryNode>> parse_memory_nodes(std::string_view text);

/// How worlds are cut and on which nodes their shards lie: the same for all processes that are given the same nodes and numbers.
class ShardMap {
 public:
  /// invalid_argument: no node, no shard or replica, more replicas than nodes.
  static Result<ShardMap> make(std::vector<MemoryNode> nodes, std::uint32_t shards, std::uint32_t replicas);

  /// The nodes that hold a shard, by their number in nodes(), best first: rendezvous hashing (Thaler and Ravishankar 1998), so
  /// that a new node takes its shards from the others and moves none between them.
  [[nodiscard]] std::vector<std::size_t> owners(std::string_view world, std::uint32_t shard) const;
  [[nodiscard]] bool owns(std::size_t node, std::string_view world, std::uint32_t shard) const;
  [[nodiscard]] const std::vector<MemoryNode>& nodes() const { return nodes_; }
  [[nodiscard]] std::uint32_t shards() const { return shards_; }

 private:
  ShardMap(std::vector<MemoryNode> nodes, std::uint32_t shards, std::uint32_t replicas)
      : nodes_(std::move(nodes)), shards_(shards), replicas_(replicas) {}

  std::vector<MemoryNode> nodes_;
  std::uint32_t shards_;
  std::uint32_t replicas_;
};

}  // namespace gibsey::retrieval::sharded
