#pragma once
#include "base/deadline.hpp"
#include "base/result.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace gibsey::retrieval::sharded {

/// What some shards answered, by shard; those that are not there did not answer in time.
using ShardAnswers = std::map<std::uint32_t, std::string>;

/// What a node can be asked for (messages.hpp: what it is asked with, what it answers).
inline constexpr const char* kCallCounts = "counts";  ///< Keys -> Counts
inline constexpr const char* kCallCards = "cards";    ///< Wanted -> Cards
inline constexpr const char* kCallPages = "pages";    ///< passages -> pages
inline constexpr const char* kCallQuote = "quote";    ///< Claim -> Found
inline constexpr const char* kCallFollow = "follow";  ///< page ids -> nothing, when these are as the store has them

/// The nodes that hold the shards of all worlds. Safe to call from any executor.
class ShardNodes {
 public:
  virtual ~ShardNodes() = default;
  /// Asks all these shards the same, each at one of its owners, and at the next where that one fails or is late.
  virtual boost::asio::awaitable<ShardAnswers> ask(std::string call, std::string world, std::vector<std::uint32_t> shards,
                                                   std::string payload, Deadline deadline) = 0;
  /// Into how many a world is cut.
  [[nodiscard]] virtual std::uint32_t shards() const = 0;
  /// Why nobody can be asked now; nullopt where one can.
  [[nodiscard]] virtual std::optional<Error> refusal() const = 0;
  /// "shards 3, 7 (node-b)": for a message.
  [[nodiscard]] virtual std::string told(const std::string& world, const std::vector<std::uint32_t>& shards) const = 0;
};

}  // namespace gibsey::retrieval::sharded
