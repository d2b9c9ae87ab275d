#include "store/redis/conversation_publisher.hpp"

#include "base/log.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <deque>
#include <iterator>
#include <mutex>
#include <utility>
#include <vector>

namespace gibsey::store::redis {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

using Batch = std::vector<std::string>;

constexpr std::size_t kBatchTurns = 64;
constexpr std::size_t kBatchBytes = 1024 * 1024;

}  // namespace

class ConversationPublisher::Queue : public std::enable_shared_from_this<Queue> {
 public:
  Queue(const asio::any_io_executor& executor, std::shared_ptr<net::RedisClient> redis, PublisherOptions options)
      : strand_(asio::make_strand(executor)),
        redis_(std::move(redis)),
        options_(std::move(options)),
        retry_(strand_),
        drained_(strand_) {}

  void add(std::string json) {
    {
      const std::lock_guard lock(mutex_);
      if (closed_) {
        ++counts_.dropped;
        return;
      }
      waiting_.push_back(std::move(json));
      trim();
      if (std::exchange(draining_, true)) return;
    }
    asio::co_spawn(strand_, drain(shared_from_this()), asio::detached);
  }

  [[nodiscard]] PublisherCounts counts() const {
    const std::lock_guard lock(mutex_);
    auto counts = counts_;
    counts.waiting = waiting_.size() + under_way_;
    return counts;
  }

  void close(bool drop) {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    if (!drop) return;
    dropping_ = true;
    counts_.dropped += waiting_.size();
    waiting_.clear();
  }

  static asio::awaitable<void> finish(std::shared_ptr<Queue> self, Deadline deadline) {
    self->close(false);
    // On the strand, on which drain() ends too: it cannot end between the question and the wait.
    if (self->is_draining()) {
      error_code ignored;
      self->drained_.expires_at(deadline.at());
      co_await self->drained_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    self->close(true);
    self->retry_.cancel();
  }

  /// From any thread.
  void abandon() {
    close(true);
    asio::post(strand_, [self = shared_from_this()] { self->retry_.cancel(); });
  }

  [[nodiscard]] const asio::strand<asio::any_io_executor>& strand() const { return strand_; }

 private:
  static asio::awaitable<void> drain(std::shared_ptr<Queue> self) {
    for (;;) {
      auto batch = self->take();
      if (batch.empty()) break;
      std::vector<net::RedisCommand> commands;
      for (const auto& json : batch) commands.push_back({"PUBLISH", self->options_.channel, json});
      const auto replies = co_await self->redis_->pipeline(std::move(commands), Deadline::after(self->options_.limit));
      if (replies) {
        self->record(*replies);
        continue;
      }
      if (!self->give_back(std::move(batch), replies.error())) continue;
      error_code ignored;
      self->retry_.expires_after(self->options_.retry);
      co_await self->retry_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    self->drained_.cancel();
  }

  Batch take() {
    const std::lock_guard lock(mutex_);
    Batch batch;
    std::size_t bytes = 0;
    while (!waiting_.empty() && batch.size() < kBatchTurns && bytes < kBatchBytes) {
      bytes += waiting_.front().size();
      batch.push_back(std::move(waiting_.front()));
      waiting_.pop_front();
    }
    under_way_ = batch.size();
    if (batch.empty()) draining_ = false;
    return batch;
  }

  void record(const std::vector<net::RedisReply>& replies) {
    std::uint64_t refused = 0;
    for (const auto& reply : replies) refused += reply.kind == net::RedisReply::Kind::error ? 1 : 0;
    const std::lock_guard lock(mutex_);
    under_way_ = 0;
    counts_.published += replies.size() - refused;
    counts_.dropped += refused;
    if (std::exchange(away_, false))
      log::info("{}: published again, {} turns were dropped so far", options_.channel, counts_.dropped);
    if (refused > 0) log::warn("{}: Redis refuses to publish {} turns", options_.channel, refused);
  }

  /// False: there is no use in trying again.
  bool give_back(Batch batch, const Error& error) {
    const std::lock_guard lock(mutex_);
    under_way_ = 0;
    const bool hopeless = dropping_ || error.code == ErrorCode::cancelled || error.code == ErrorCode::too_large ||
                          error.code == ErrorCode::invalid_argument;
    if (!std::exchange(away_, true)) log::warn("{}: turns wait to be published: {}", options_.channel, error.message);
    if (hopeless) {
      counts_.dropped += batch.size();
    } else {
      waiting_.insert(waiting_.begin(), std::make_move_iterator(batch.begin()), std::make_move_iterator(batch.end()));
      trim();
    }
    return !hopeless;
  }

  void trim() {
    while (waiting_.size() > options_.most_waiting) {
      waiting_.pop_front();
      ++counts_.dropped;
    }
  }

  [[nodiscard]] bool is_draining() const {
    const std::lock_guard lock(mutex_);
    return draining_;
  }

  asio::strand<asio::any_io_executor> strand_;
  std::shared_ptr<net::RedisClient> redis_;
  const PublisherOptions options_;
  asio::steady_timer retry_;
  asio::steady_timer drained_;
  mutable std::mutex mutex_;
  std::deque<std::string> waiting_;
  std::size_t under_way_ = 0;
  PublisherCounts counts_;
  bool draining_ = false;
  bool closed_ = false;    ///< takes no more
  bool dropping_ = false;  ///< sends no more
  bool away_ = false;
};

ConversationPublisher::ConversationPublisher(const asio::any_io_executor& executor, std::shared_ptr<net::RedisClient> redis,
                                             PublisherOptions options)
    : queue_(std::make_shared<Queue>(executor, std::move(redis), std::move(options))) {}

ConversationPublisher::~ConversationPublisher() {
  queue_->abandon();
}

void ConversationPublisher::publish(std::string json) {
  queue_->add(std::move(json));
}

PublisherCounts ConversationPublisher::counts() const {
  return queue_->counts();
}

asio::awaitable<void> ConversationPublisher::stop(Deadline deadline) {
  const auto queue = queue_;
  co_await asio::co_spawn(queue->strand(), Queue::finish(queue, deadline), asio::use_awaitable);
}

}  // namespace gibsey::store::redis
