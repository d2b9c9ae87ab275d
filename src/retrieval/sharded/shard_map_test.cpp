#include "retrieval/sharded/shard_map.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <set>
#include <span>

namespace gibsey::retrieval::sharded {
namespace {

std::vector<MemoryNode> nodes(std::size_t count, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<MemoryNode> named;
  for (std::size_t i = 0; i < count; ++i) named.push_back({fmt::format("node-{:x}", random()), "http://127.0.0.1:1"});
  return named;
}

/// A shard -> its owners by name, in their order.
using Owners = std::map<std::pair<std::string, std::uint32_t>, std::vector<std::string>>;

Owners owners_of(const std::vector<MemoryNode>& named, std::uint32_t shards, std::uint32_t replicas) {
  const auto map = ShardMap::make(named, shards, replicas).value();
  Owners owners;
  for (const std::string world : {"library", "entrance-way", "sarah"}) {
    for (std::uint32_t shard = 0; shard < shards; ++shard) {
      for (const std::size_t node : map.owners(world, shard)) owners[{world, shard}].push_back(named[node].name);
    }
  }
  return owners;
}

TEST(ShardMap, ANewNodeTakesItsShardsAndMovesNoOther) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    const std::size_t count = 1 + seed % 9;
    const auto replicas = static_cast<std::uint32_t>(1 + seed % std::min<std::size_t>(count, 3));
    auto named = nodes(count + 1, seed);
    const std::string added = named.back().name;
    const auto after = owners_of(named, 256, replicas);
    named.pop_back();
    std::ranges::shuffle(named, std::mt19937_64(seed));
    const auto before = owners_of(named, 256, replicas);
    std::size_t moved = 0;
    for (const auto& [shard, owned] : after) {
      auto others = owned;
      std::erase(others, added);
      if (others.size() < owned.size()) {
        ++moved;
        EXPECT_TRUE(std::ranges::equal(others, std::span(before.at(shard)).first(others.size())))
            << "who is left stays in its order";
      } else {
        EXPECT_EQ(owned, before.at(shard));
      }
    }
    // A share of replicas / (n + 1) of 768 shards; four standard deviations of that.
    const double share = static_cast<double>(replicas) / static_cast<double>(count + 1);
    EXPECT_NEAR(static_cast<double>(moved), 768 * share, 4 * std::sqrt(768 * share * (1 - share)) + 1) << count << " nodes";
  }
}

TEST(ShardMap, OwnersDifferAndAreTheSameForAll) {
  const auto named = nodes(5, 3);
  const auto owned = owners_of(named, 64, 3);
  for (const auto& [shard, names] : owned) EXPECT_EQ(std::set(names.begin(), names.end()).size(), 3U);
  auto turned = named;
  std::ranges::reverse(turned);
  EXPECT_EQ(owners_of(turned, 64, 3), owned) << "in whatever order they are named";
}

TEST(ShardOf, HangsOnTheIdAloneAndKeepsNeighboursTogether) {
  EXPECT_EQ(shard_of("w", "0064", 16), shard_of("w", "0095", 16)) << "a run of 32";
  EXPECT_EQ(shard_of("w", "64", 16), shard_of("w", "0064", 16));
  EXPECT_EQ(shard_of("w", "note-7", 4096), shard_of("w", "note-8", 4096));
  std::set<std::uint32_t> shards;
  std::set<std::uint32_t> worlds;
  std::set<std::uint32_t> named;
  for (int i = 0; i < 100; ++i) {
    shards.insert(shard_of("w", std::to_string(i * 32), 4096));
    worlds.insert(shard_of(std::to_string(i), "1", 4096));
    named.insert(shard_of("w", std::string(1, static_cast<char>('A' + i % 26)) + (i < 50 ? "x" : "y"), 4096));
  }
  EXPECT_GT(shards.size(), 90U);
  EXPECT_GT(worlds.size(), 90U);
  EXPECT_GT(named.size(), 45U);
  // Ids are anybody's: no digits, nothing but digits, more than a number holds.
  for (const std::string id : {"", "0", "epilogue", "99999999999999999999999999", "7\0x", "\xC3\xA9"})
    EXPECT_LT(shard_of("w", id, 16), 16U);
}

TEST(ShardMap, SpreadsTheShards) {
  const auto map = ShardMap::make(nodes(8, 5), 1024, 1).value();
  std::vector<int> held(8, 0);
  for (std::uint32_t shard = 0; shard < 1024; ++shard) ++held[map.owners("library", shard).front()];
  for (const int count : held) EXPECT_NEAR(count, 128, 50);
}

TEST(ShardMap, NodesAreReadAsTheyAreWritten) {
  const auto named = parse_memory_nodes(" a = http://memory-a:8001/ ,b=http://memory-b:8001,, ").value();
  ASSERT_EQ(named.size(), 2U);
  EXPECT_EQ(named[0].name, "a");
  EXPECT_EQ(named[0].url, "http://memory-a:8001");
  EXPECT_EQ(named[1].url, "http://memory-b:8001");
  EXPECT_TRUE(parse_memory_nodes("")->empty());
  for (const char* wrong : {"a", "=http://x", "a=", "a=http://x,a=http://y", "a b=http://x", "a/=http://x"})
    EXPECT_EQ(parse_memory_nodes(wrong).error().code, ErrorCode::invalid_argument) << wrong;
  EXPECT_FALSE(ShardMap::make({}, 16, 1));
  EXPECT_FALSE(ShardMap::make(named, 0, 1));
  EXPECT_FALSE(ShardMap::make(named, 5000, 1));
  EXPECT_FALSE(ShardMap::make(named, 16, 3));
}

}  // namespace
}  // namespace gibsey::retrieval::sharded
