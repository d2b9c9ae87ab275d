#include "feed/kafka/kafka_feed.hpp"

#include "base/log.hpp"

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <span>
#include <thread>

namespace gibsey::feed {
namespace {

namespace asio = boost::asio;
using kafka::Stream;

/// A program that stops must not wait for brokers that are away.
constexpr int kAskMs = 2000;

std::string position_of(const Stream::Offsets& offsets) {
  std::string text;
  for (const auto& [partition, offset] : offsets) text += fmt::format("{}{}:{}", text.empty() ? "" : ",", partition, offset);
  return text;
}

template <typename Number>
bool take_number(std::string_view& text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number < 0) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

bool take(std::string_view& text, char wanted) {
  if (!text.starts_with(wanted)) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<Stream::Offsets> read_position(std::string_view text) {
  Stream::Offsets offsets;
  do {
    std::int32_t partition = 0;
    std::int64_t offset = 0;
    if (!take_number(text, partition) || !take(text, ':') || !take_number(text, offset)) return std::nullopt;
    offsets[partition] = offset;
  } while (take(text, ','));
  if (!text.empty()) return std::nullopt;
  return offsets;
}

/// A stream that is ended on a thread where that may take its time.
class OwnedStream {
 public:
  OwnedStream(std::unique_ptr<Stream> stream, asio::thread_pool& threads) : stream_(std::move(stream)), threads_(threads) {}
  ~OwnedStream() {
    if (!stream_) return;
    stream_->stop();
    asio::post(threads_, [stream = std::move(stream_)]() mutable { stream.reset(); });
  }
  OwnedStream(OwnedStream&& other) noexcept : stream_(std::move(other.stream_)), threads_(other.threads_) {}
  OwnedStream& operator=(OwnedStream&&) = delete;
  Stream* operator->() const { return stream_.get(); }

 private:
  std::unique_ptr<Stream> stream_;
  asio::thread_pool& threads_;
};

class KafkaReader final : public Reader {
 public:
  KafkaReader(OwnedStream stream, Stream::Offsets offsets) : stream_(std::move(stream)), offsets_(std::move(offsets)) {}

  Async<std::vector<Delivered>> next(std::size_t most, Deadline deadline) override {
    GIBSEY_CO_TRY(auto events, co_await stream_->next(most, deadline));
    for (auto& event : events) {
      offsets_[event.partition] = event.offset + 1;
      event.position = position_of(offsets_);
    }
    co_return events;
  }
  void stop() override { stream_->stop(); }

 private:
  OwnedStream stream_;
  Stream::Offsets offsets_;
};

class KafkaConsumer final : public Consumer {
 public:
  explicit KafkaConsumer(OwnedStream stream) : stream_(std::move(stream)) {}

  Async<std::vector<Delivered>> next(std::size_t most, Deadline deadline) override { return stream_->next(most, deadline); }
  void stop() override { stream_->stop(); }
  Async<void> commit(const std::vector<Delivered>& events) override {
    Stream::Offsets offsets;
    for (const auto& event : events) offsets[event.partition] = std::max(offsets[event.partition], event.offset + 1);
    return stream_->commit(std::move(offsets));
  }
  [[nodiscard]] Lag lag() const override { return stream_->lag(); }

 private:
  OwnedStream stream_;
};

}  // namespace

Result<std::unique_ptr<KafkaFeed>> KafkaFeed::open(KafkaOptions options) {
  std::unique_ptr<KafkaFeed> feed(new KafkaFeed(std::move(options)));
  auto& settings = feed->options_.settings;
  settings["bootstrap.servers"] = feed->options_.brokers;
  settings.insert({{"client.id", "gibsey"},
                   {"socket.nagle.disable", "true"},
                   {"reconnect.backoff.max.ms", "2000"},
                   {"topic.metadata.refresh.interval.ms", "60000"}});
  GIBSEY_TRY(feed->producer_, kafka::Producer::open(settings));
  return feed;
}

KafkaFeed::~KafkaFeed() {
  close();
  asking_.join();
}

void KafkaFeed::close() {
  producer_->close();
}

/// Whether the brokers have it: asked after by its name it would be made, as the brokers see fit. Blocks.
Result<bool> KafkaFeed::is_there(const std::string& topic) {
  const struct rd_kafka_metadata* metadata = nullptr;
  const auto error = rd_kafka_metadata(producer_->client(), 1, nullptr, &metadata, kAskMs);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return std::unexpected(kafka::to_error(error, "the brokers do not answer"));
  const std::unique_ptr<const struct rd_kafka_metadata, kafka::Destroy<rd_kafka_metadata_destroy>> owned(metadata);
  const std::span topics(metadata->topics, static_cast<std::size_t>(metadata->topic_cnt));
  return std::ranges::any_of(topics, [&topic](const rd_kafka_metadata_topic& one) { return topic == one.topic; });
}

/// Blocks.
Result<void> KafkaFeed::make_topic(const std::string& topic) {
  std::array<char, 256> why{};
  auto* const client = producer_->client();
  auto* wanted = rd_kafka_NewTopic_new(topic.c_str(), options_.partitions, -1, why.data(), why.size());
  if (wanted == nullptr) return fail(ErrorCode::invalid_argument, fmt::format("kafka: topic {}: {}", topic, why.data()));
  if (options_.by_key.contains(topic)) rd_kafka_NewTopic_set_config(wanted, "cleanup.policy", "compact");
  const std::unique_ptr<rd_kafka_AdminOptions_t, kafka::Destroy<rd_kafka_AdminOptions_destroy>> limits(
      rd_kafka_AdminOptions_new(client, RD_KAFKA_ADMIN_OP_CREATETOPICS));
  rd_kafka_AdminOptions_set_request_timeout(limits.get(), kAskMs, why.data(), why.size());
  const kafka::Queue answers(rd_kafka_queue_new(client));
  rd_kafka_CreateTopics(client, &wanted, 1, limits.get(), answers.get());
  const std::unique_ptr<rd_kafka_event_t, kafka::Destroy<rd_kafka_event_destroy>> event(
      rd_kafka_queue_poll(answers.get(), kAskMs + 1000));
  rd_kafka_NewTopic_destroy(wanted);
  if (!event) return fail(ErrorCode::unavailable, fmt::format("kafka: topic {} is not made: no answer", topic));
  const auto error = rd_kafka_event_error(event.get());
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
    return std::unexpected(kafka::to_error(error, fmt::format("topic {} is not made", topic)));
  std::size_t count = 0;
  const auto* const made = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
  const auto result = count == 1 ? rd_kafka_topic_result_error(made[0]) : RD_KAFKA_RESP_ERR_UNKNOWN;
  if (result != RD_KAFKA_RESP_ERR_NO_ERROR && result != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
    return std::unexpected(kafka::to_error(result, fmt::format("topic {} is not made", topic)));
  return {};
}

/// Of a topic that has a leader everywhere. Blocks.
Result<int> KafkaFeed::count_partitions(const std::string& topic) {
  const std::unique_ptr<rd_kafka_topic_t, kafka::Destroy<rd_kafka_topic_destroy>> handle(
      rd_kafka_topic_new(producer_->client(), topic.c_str(), nullptr));
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(kAskMs);
  auto error = RD_KAFKA_RESP_ERR_UNKNOWN;
  while (std::chrono::steady_clock::now() < until) {
    const struct rd_kafka_metadata* metadata = nullptr;
    error = rd_kafka_metadata(producer_->client(), 0, handle.get(), &metadata, kAskMs);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) break;
    const std::unique_ptr<const struct rd_kafka_metadata, kafka::Destroy<rd_kafka_metadata_destroy>> owned(metadata);
    const auto& found = metadata->topics[0];
    bool led = found.err == RD_KAFKA_RESP_ERR_NO_ERROR && found.partition_cnt > 0;
    for (int i = 0; led && i < found.partition_cnt; ++i) led = found.partitions[i].leader >= 0;
    if (led) return found.partition_cnt;
    error = found.err == RD_KAFKA_RESP_ERR_NO_ERROR ? RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE : found.err;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return std::unexpected(kafka::to_error(error, fmt::format("topic {}", topic)));
}

bool KafkaFeed::knows(const std::string& topic) {
  const std::lock_guard lock(mutex_);
  return topics_.contains(topic);
}

Async<void> KafkaFeed::have_topic(std::string topic) {
  GIBSEY_CO_CHECK(check_events(topic, {}));
  if (knows(topic)) co_return Result<void>();
  const auto there = is_there(topic);
  const auto made = !there ? Result<void>(std::unexpected(there.error())) : *there ? Result<void>() : make_topic(topic);
  if (!made) {
    producer_->set_problem(made.error().message);
    co_return made;
  }
  GIBSEY_CO_TRY(const auto partitions, count_partitions(topic));
  producer_->set_problem("");
  const std::lock_guard lock(mutex_);
  topics_[topic] = partitions;
  co_return Result<void>();
}

Async<void> KafkaFeed::look_at(std::string topic) {
  GIBSEY_CO_TRY(const bool there, is_there(topic));
  if (there) GIBSEY_CO_CHECK(count_partitions(topic));
  co_return Result<void>();
}

Async<void> KafkaFeed::check(std::string topic) {
  co_return co_await asio::co_spawn(asking_, look_at(std::move(topic)), asio::use_awaitable);
}

Async<void> KafkaFeed::append(std::string topic, std::vector<Event> events) {
  GIBSEY_CO_CHECK(check_events(topic, events));
  if (!knows(topic)) GIBSEY_CO_CHECK(co_await asio::co_spawn(asking_, have_topic(topic), asio::use_awaitable));
  const auto start = [&](GoOn<Result<void>> done) { producer_->append(topic, std::move(events), std::move(done)); };
  co_return co_await call_back<Result<void>>(start);
}

/// Blocks.
Result<KafkaFeed::Offsets> KafkaFeed::offsets_after(const std::string& topic, const std::string& after) {
  int partitions = 0;
  {
    const std::lock_guard lock(mutex_);
    partitions = topics_.at(topic);
  }
  Offsets offsets;
  if (after != kBeginning && after != kEnd) {
    auto read = read_position(after);
    if (!read) return fail(ErrorCode::invalid_argument, fmt::format("'{}' is no position of this feed", after));
    offsets = *std::move(read);
    std::erase_if(offsets, [partitions](const auto& entry) { return entry.first >= partitions; });
  }
  for (int i = 0; i < partitions; ++i) {
    if (offsets.contains(i)) continue;
    std::int64_t low = 0;
    std::int64_t high = 0;
    auto error = RD_KAFKA_RESP_ERR_NO_ERROR;
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(kAskMs);
    do {
      error = rd_kafka_query_watermark_offsets(producer_->client(), topic.c_str(), i, &low, &high, kAskMs);
      // Of a topic that was only just made.
      if (error != RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION && error != RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    } while (std::chrono::steady_clock::now() < until);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return std::unexpected(kafka::to_error(error, fmt::format("topic {}", topic)));
    offsets[i] = after == kEnd ? high : low;
  }
  return offsets;
}

Async<KafkaFeed::Offsets> KafkaFeed::find_offsets(std::string topic, std::string after) {
  GIBSEY_CO_CHECK(co_await have_topic(topic));
  co_return offsets_after(topic, after);
}

Async<std::unique_ptr<Reader>> KafkaFeed::reader(std::string topic, std::string after) {
  GIBSEY_CO_TRY(auto offsets, co_await asio::co_spawn(asking_, find_offsets(topic, std::move(after)), asio::use_awaitable));
  GIBSEY_CO_TRY(auto stream, Stream::from(options_.settings, topic, offsets));
  co_return std::make_unique<KafkaReader>(OwnedStream(std::move(stream), asking_), std::move(offsets));
}

Async<std::unique_ptr<Consumer>> KafkaFeed::consumer(std::string topic, std::string group) {
  if (!is_topic_name(group)) co_return fail(ErrorCode::invalid_argument, fmt::format("'{}' is no name of a group", group));
  GIBSEY_CO_CHECK(co_await asio::co_spawn(asking_, have_topic(topic), asio::use_awaitable));
  GIBSEY_CO_TRY(auto stream, Stream::of_group(options_.settings, topic, group));
  co_return std::make_unique<KafkaConsumer>(OwnedStream(std::move(stream), asking_));
}

}  // namespace gibsey::feed
