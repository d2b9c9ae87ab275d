#pragma once
#include "base/deadline.hpp"
#include "net/redis_client.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace gibsey::store::redis {

struct PublisherOptions {
  std::string channel = "conversation_turns";
  std::size_t most_waiting = 1'000;
  std::chrono::milliseconds retry{250};
  /// For one batch. Longer than RedisOptions::answer_limit: a batch that a slow Redis still has is not sent a second time beside
  /// it.
  std::chrono::milliseconds limit{10'000};
};

struct PublisherCounts {
  std::uint64_t published = 0;
  std::uint64_t dropped = 0;  ///< never published: too many waited, Redis refused them, or the program ended
  std::size_t waiting = 0;
};

/// Publishes turns that have ended on a channel of Redis (seed 001, `PUBLISH conversation_turns`), in the order of publish().
/// While Redis is away they wait, the oldest beyond most_waiting being dropped. A batch whose answer was lost with the connection
/// is sent again: a subscriber may then see a turn twice, and knows it by its turn_id. Thread-safe; the executor given must run.
class ConversationPublisher {
 public:
  ConversationPublisher(const boost::asio::any_io_executor& executor, std::shared_ptr<net::RedisClient> redis,
                        PublisherOptions options = {});
  /// Drops what waits.
  ~ConversationPublisher();
  ConversationPublisher(const ConversationPublisher&) = delete;
  ConversationPublisher& operator=(const ConversationPublisher&) = delete;

  /// Never waits. After stop() the turn is dropped.
  void publish(std::string json);
  [[nodiscard]] PublisherCounts counts() const;
  /// Waits until all is published, at most until the deadline; what still waits then is dropped.
  boost::asio::awaitable<void> stop(Deadline deadline);

 private:
  class Queue;
  std::shared_ptr<Queue> queue_;
};

}  // namespace gibsey::store::redis
