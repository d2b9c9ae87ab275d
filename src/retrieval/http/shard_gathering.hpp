#pragma once
#include "provider/wakeup.hpp"
#include "retrieval/http/node_client.hpp"
#include "retrieval/sharded/shard_nodes.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace gibsey::retrieval::http {

/// One asking of some shards: who was asked, who has answered. Shared by the one who waits and the calls, which may come back
/// after he has left.
class ShardGathering : public std::enable_shared_from_this<ShardGathering> {
 public:
  /// A shard and its owners in the order in which they are to be asked.
  struct Asked {
    std::uint32_t shard = 0;
    std::vector<std::shared_ptr<NodeClient>> owners;
  };
  struct Question {
    std::string call;
    std::string world;
    std::uint32_t shard_count = 0;
    std::string payload;
  };
  ShardGathering(boost::asio::any_io_executor executor, Question question, std::vector<Asked> shards,
                 std::chrono::milliseconds second_after, Deadline deadline);

  /// What came by the deadline; earlier where all has come, or nobody is left to be asked.
  boost::asio::awaitable<sharded::ShardAnswers> gather();

 private:
  using Clock = std::chrono::steady_clock;
  struct Shard {
    Asked asked;
    std::size_t next = 0;  ///< owner
    int under_way = 0;     ///< calls
    bool answered = false;
    Clock::time_point asked_at{};
  };

  void ask_due();
  void ask(const std::shared_ptr<NodeClient>& node, std::vector<std::size_t> shards);
  static boost::asio::awaitable<void> call(std::shared_ptr<ShardGathering> gathering, std::shared_ptr<NodeClient> node,
                                           std::vector<std::size_t> shards, std::string body);
  void take(const std::vector<std::size_t>& shards, const Result<std::string>& answer);
  [[nodiscard]] bool is_due(const Shard& shard, Clock::time_point now) const;
  [[nodiscard]] bool is_over() const;
  [[nodiscard]] bool is_somebody_due() const;
  [[nodiscard]] Clock::time_point next_due();

  boost::asio::any_io_executor executor_;
  const Question question_;
  const std::chrono::milliseconds second_after_;
  const Deadline deadline_;
  provider::Wakeup wake_;
  // Guarded by wake_.
  std::vector<Shard> shards_;
  sharded::ShardAnswers answers_;
};

}  // namespace gibsey::retrieval::http
