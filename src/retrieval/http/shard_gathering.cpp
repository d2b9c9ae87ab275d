#include "retrieval/http/shard_gathering.hpp"

#include "retrieval/sharded/messages.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <algorithm>
#include <map>

namespace gibsey::retrieval::http {

namespace asio = boost::asio;

ShardGathering::ShardGathering(asio::any_io_executor executor, Question question, std::vector<Asked> shards,
                               std::chrono::milliseconds second_after, Deadline deadline)
    : executor_(std::move(executor)), question_(std::move(question)), second_after_(second_after), deadline_(deadline) {
  for (Asked& asked : shards) shards_.push_back({.asked = std::move(asked)});
}

asio::awaitable<sharded::ShardAnswers> ShardGathering::gather() {
  for (;;) {
    ask_due();
    const auto until = std::min(deadline_.at(), next_due());
    const bool woken = co_await wake_.wait([this] { return is_over() || is_somebody_due(); }, until);
    const std::lock_guard lock(wake_.mutex());
    if (!woken || is_over() || deadline_.passed()) co_return std::move(answers_);
  }
}

/// Never asked, failed, or late.
bool ShardGathering::is_due(const Shard& shard, Clock::time_point now) const {
  if (shard.answered || shard.next == shard.asked.owners.size()) return false;
  return shard.under_way == 0 || now >= shard.asked_at + second_after_;
}

bool ShardGathering::is_over() const {
  return std::ranges::all_of(shards_, [](const Shard& shard) {
    return shard.answered || (shard.under_way == 0 && shard.next == shard.asked.owners.size());
  });
}

bool ShardGathering::is_somebody_due() const {
  return std::ranges::any_of(shards_, [this, now = Clock::now()](const Shard& shard) { return is_due(shard, now); });
}

ShardGathering::Clock::time_point ShardGathering::next_due() {
  const std::lock_guard lock(wake_.mutex());
  auto next = Clock::time_point::max();
  for (const Shard& shard : shards_) {
    if (!shard.answered && shard.next < shard.asked.owners.size()) next = std::min(next, shard.asked_at + second_after_);
  }
  return next;
}

/// One call a node, whatever the number of its shards.
void ShardGathering::ask_due() {
  std::map<std::shared_ptr<NodeClient>, std::vector<std::size_t>> by_node;
  {
    const std::lock_guard lock(wake_.mutex());
    const auto now = Clock::now();
    for (std::size_t i = 0; i < shards_.size(); ++i) {
      Shard& shard = shards_[i];
      if (!is_due(shard, now)) continue;
      by_node[shard.asked.owners[shard.next++]].push_back(i);
      ++shard.under_way;
      shard.asked_at = now;
    }
  }
  for (auto& [node, shards] : by_node) ask(node, std::move(shards));
}

void ShardGathering::ask(const std::shared_ptr<NodeClient>& node, std::vector<std::size_t> shards) {
  sharded::ShardRequest request{question_.world, question_.shard_count, {}, question_.payload};
  for (const std::size_t i : shards) request.shards.push_back(shards_[i].asked.shard);
  asio::co_spawn(executor_, call(shared_from_this(), node, std::move(shards), sharded::encode(request)), asio::detached);
}

asio::awaitable<void> ShardGathering::call(std::shared_ptr<ShardGathering> gathering, std::shared_ptr<NodeClient> node,
                                           std::vector<std::size_t> shards, std::string body) {
  const auto answer = co_await node->call(gathering->question_.call, std::move(body), gathering->deadline_);
  gathering->take(shards, answer);
}

void ShardGathering::take(const std::vector<std::size_t>& shards, const Result<std::string>& answer) {
  Result<std::vector<sharded::ShardAnswer>> read = std::vector<sharded::ShardAnswer>();
  if (answer) read = sharded::read_answers(*answer);
  const std::lock_guard lock(wake_.mutex());
  for (const std::size_t i : shards) {
    Shard& shard = shards_[i];
    --shard.under_way;
    if (shard.answered || !read) continue;
    const auto at = std::ranges::find(*read, shard.asked.shard, &sharded::ShardAnswer::shard);
    if (at == read->end()) continue;
    shard.answered = true;
    answers_[shard.asked.shard] = std::move(at->payload);
  }
  wake_.notify();
}

}  // namespace gibsey::retrieval::http
