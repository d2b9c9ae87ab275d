#include "retrieval/sharded/shard_map.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <ranges>
#include <tuple>
#include <utility>

namespace gibsey::retrieval::sharded {
namespace {

constexpr std::uint64_t kRun = 32;
constexpr std::uint32_t kMostShards = 4096;
constexpr std::size_t kLongestName = 64;

/// Of the parts, and of where one ends.
std::uint64_t hash_of(std::initializer_list<std::string_view> parts) {
  std::string joined;
  for (const std::string_view part : parts) {
    joined += part;
    joined += '\0';
  }
  return XXH3_64bits(joined.data(), joined.size());
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_name(std::string_view name) {
  constexpr std::string_view kSigns = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
  return !name.empty() && name.size() <= kLongestName && name.find_first_not_of(kSigns) == name.npos;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  return first == text.npos ? std::string_view() : text.substr(first, text.find_last_not_of(" \t") + 1 - first);
}

}  // namespace

std::uint32_t shard_of(std::string_view world, std::string_view page_id, std::uint32_t shards) {
  std::size_t digits = 0;
  while (digits < page_id.size() && is_digit(page_id[page_id.size() - 1 - digits])) ++digits;
  const std::string_view before = page_id.substr(0, page_id.size() - digits);
  const std::string_view counted = page_id.substr(before.size());
  std::uint64_t number = 0;
  const bool counts = digits > 0 && std::from_chars(counted.data(), counted.data() + digits, number).ec == std::errc();
  const std::string run = counts ? std::to_string(number / kRun) : std::string(counted);
  return static_cast<std::uint32_t>(hash_of({world, before, run}) % shards);
}

Result<std::vector<MemoryNode>> parse_memory_nodes(std::string_view text) {
  std::vector<MemoryNode> nodes;
  for (const auto part : std::views::split(text, ',')) {
    const std::string_view entry = trimmed(std::string_view(part.begin(), part.end()));
    if (entry.empty()) continue;
    const auto equals = entry.find('=');
    const std::string_view name = trimmed(entry.substr(0, equals));
    const std::string_view url = equals == entry.npos ? std::string_view() : trimmed(entry.substr(equals + 1));
    if (!is_name(name) || url.empty()) {
      return fail(ErrorCode::invalid_argument, fmt::format("'{}' is no node; write name=http://host:port", entry));
    }
    if (std::ranges::find(nodes, name, &MemoryNode::name) != nodes.end())
      return fail(ErrorCode::invalid_argument, fmt::format("the node '{}' is named twice", name));
    nodes.push_back({std::string(name), std::string(url.substr(0, url.find_last_not_of('/') + 1))});
  }
  return nodes;
}

Result<ShardMap> ShardMap::make(std::vector<MemoryNode> nodes, std::uint32_t shards, std::uint32_t replicas) {
  if (nodes.empty()) return fail(ErrorCode::invalid_argument, "there is no memory node");
  if (shards < 1 || shards > kMostShards)
    return fail(ErrorCode::invalid_argument, fmt::format("a world can be cut into 1 to {} shards, not {}", kMostShards, shards));
  if (replicas < 1 || replicas > nodes.size()) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("{} replicas of a shard need as many nodes; there are {}", replicas, nodes.size()));
  }
  return ShardMap(std::move(nodes), shards, replicas);
}

std::vector<std::size_t> ShardMap::owners(std::string_view world, std::uint32_t shard) const {
  const std::string number = std::to_string(shard);
  std::vector<std::pair<std::uint64_t, std::size_t>> weights;
  for (std::size_t i = 0; i < nodes_.size(); ++i) weights.emplace_back(hash_of({nodes_[i].name, world, number}), i);
  const auto heavier = [this](const auto& a, const auto& b) {
    return std::tie(b.first, nodes_[a.second].name) < std::tie(a.first, nodes_[b.second].name);
  };
  std::ranges::partial_sort(weights, weights.begin() + replicas_, heavier);
  std::vector<std::size_t> best;
  for (std::uint32_t i = 0; i < replicas_; ++i) best.push_back(weights[i].second);
  return best;
}

bool ShardMap::owns(std::size_t node, std::string_view world, std::uint32_t shard) const {
  const auto best = owners(world, shard);
  return std::ranges::find(best, node) != best.end();
}

}  // namespace gibsey::retrieval::sharded
