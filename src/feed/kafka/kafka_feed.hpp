#pragma once
#include "feed/feed.hpp"
#include "feed/kafka/producer.hpp"
#include "feed/kafka/stream.hpp"

#include <boost/asio/thread_pool.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

namespace gibsey::feed {

struct KafkaOptions {
  std::string brokers;           ///< host:port with commas between
  int partitions = 4;            ///< of a topic that is made; its replicas are as many as the brokers say
  std::set<std::string> by_key;  ///< topics that are made to keep the newest event of each key
  kafka::Settings settings;      ///< librdkafka's own, besides
};

/// The feed on Kafka, by librdkafka. A topic that is not there is made at its first use. A key's events are in one partition, the
/// one where Java's clients put them, too. A reader's position is "partition:offset" of the events that follow, with commas
/// between.
class KafkaFeed final : public Feed {
 public:
  /// Does not wait for the brokers: while they are away operations fail with unavailable. Errors: invalid_argument.
  static Result<std::unique_ptr<KafkaFeed>> open(KafkaOptions options);
  ~KafkaFeed() override;

  /// unavailable when it is not acknowledged within five seconds.
  Async<void> append(std::string topic, std::vector<Event> events) override;
  Async<std::unique_ptr<Reader>> reader(std::string topic, std::string after) override;
  Async<std::unique_ptr<Consumer>> consumer(std::string topic, std::string group) override;
  [[nodiscard]] std::string name() const override { return "kafka"; }
  [[nodiscard]] std::string problem() const override { return producer_->problem(); }
  void close() override;
  /// Whether the brokers answer, and can be written to where the topic is there. Makes nothing. Errors: unavailable.
  Async<void> check(std::string topic);

 private:
  using Offsets = kafka::Stream::Offsets;

  explicit KafkaFeed(KafkaOptions options) : options_(std::move(options)) {}
  bool knows(const std::string& topic);
  Result<bool> is_there(const std::string& topic);
  Result<void> make_topic(const std::string& topic);
  Result<int> count_partitions(const std::string& topic);
  Result<Offsets> offsets_after(const std::string& topic, const std::string& after);
  Async<void> have_topic(std::string topic);
  Async<void> look_at(std::string topic);
  Async<Offsets> find_offsets(std::string topic, std::string after);

  KafkaOptions options_;
  std::unique_ptr<kafka::Producer> producer_;
  boost::asio::thread_pool asking_{1};  ///< for calls that block
  std::mutex mutex_;                    ///< guards what follows
  std::map<std::string, int> topics_;   ///< that are there, and their partitions
};

}  // namespace gibsey::feed
