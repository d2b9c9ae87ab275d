#include "app/change_feed.hpp"

#include "base/log.hpp"
#include "feed/kafka/kafka_feed.hpp"
#include "feed/log/log_feed.hpp"

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <thread>

namespace gibsey::app {

namespace asio = boost::asio;

namespace {

/// Turns that may wait for Kafka; they are in the store whatever becomes of their events.
constexpr int kMostTurns = 1000;
constexpr std::uint64_t kDeadBytes = 64UL * 1024UL * 1024UL;

Result<feed::log::Sync> sync_of(const std::string& name) {
  if (name == "always") return feed::log::Sync::always;
  if (name == "interval") return feed::log::Sync::interval;
  if (name == "never") return feed::log::Sync::never;
  return fail(ErrorCode::invalid_argument, fmt::format("GIBSEY_FEED_SYNC must be always, interval or never, not '{}'", name));
}

/// With the log nobody else can have this folder: whoever keeps the pages works, too.
bool works_here(const Config& config) {
  return config.roles.worker || (config.kafka_brokers.empty() && config.roles.memory);
}

}  // namespace

ChangeFeed::ChangeFeed(const Config& config, const Parts& parts) : executor_(parts.executor), turns_topic_(config.turns_topic) {}

ChangeFeed::~ChangeFeed() {
  if (feed_) feed_->close();
}

Result<std::unique_ptr<ChangeFeed>> ChangeFeed::open(const Config& config, Parts parts) {
  std::unique_ptr<ChangeFeed> self(new ChangeFeed(config, parts));
  GIBSEY_CHECK(self->open_feed(config));
  const auto folder = config.data / "feed";
  const auto position = config.kafka_brokers.empty() ? folder / config.pages_topic / "published" : folder / "published-on-kafka";
  if (config.publish_pages)
    self->publisher_.emplace(parts.executor, parts.pages, *self->feed_, config.pages_topic, position, parts.observer);
  if (works_here(config)) {
    self->worker_.emplace(parts.executor, parts.pages, *self->feed_, parts.embedder, parts.retriever, parts.vectors,
                          parts.observer,
                          ingest::WorkerSettings{.topic = config.pages_topic,
                                                 .dead_topic = config.dead_topic,
                                                 .group = config.worker_group,
                                                 .default_world = parts.default_world,
                                                 .bytes_per_second = static_cast<double>(config.worker_rate),
                                                 .share = config.worker_share});
  }
  return self;
}

Result<void> ChangeFeed::open_feed(const Config& config) {
  if (!config.kafka_brokers.empty()) {
    GIBSEY_TRY(feed_,
               feed::KafkaFeed::open(
                   {.brokers = config.kafka_brokers, .partitions = config.kafka_partitions, .by_key = {config.pages_topic}}));
    return {};
  }
  GIBSEY_TRY(const auto sync, sync_of(config.feed_sync));
  feed::LogFeedOptions options{.sync = sync};
  options.retention[config.pages_topic].by_key = true;
  options.retention[config.dead_topic].bytes = kDeadBytes;
  GIBSEY_TRY(feed_, feed::LogFeed::open(config.data / "feed", std::move(options)));
  return {};
}

void ChangeFeed::start(std::int64_t loaded) {
  if (publisher_) publisher_->start(loaded);
  if (worker_) worker_->start();
}

void ChangeFeed::wake() {
  if (publisher_) publisher_->wake();
}

void ChangeFeed::publish_turn(const std::string& conversation_id, std::string json) {
  if (feed_->name() != "kafka") return;
  if (turns_under_way_ >= kMostTurns) {
    if (turns_dropped_++ == 0) log::warn("{}: too many turns wait for Kafka; further ones are not published", turns_topic_);
    return;
  }
  ++turns_under_way_;
  asio::co_spawn(executor_, append_turn({.key = conversation_id, .value = std::move(json), .headers = {}, .time = 0}),
                 asio::detached);
}

asio::awaitable<void> ChangeFeed::append_turn(feed::Event event) {
  std::vector<feed::Event> events;
  events.push_back(std::move(event));
  const auto appended = co_await feed_->append(turns_topic_, std::move(events));
  if (!appended) log::warn("{}: a turn is not published: {}", turns_topic_, appended.error().message);
  --turns_under_way_;
}

void ChangeFeed::stop() {
  if (publisher_) publisher_->stop();
  if (worker_) worker_->stop();
}

void ChangeFeed::wait() {
  // Its consumer must be gone before the feed is closed, which ends what the publisher waits for.
  if (worker_) worker_->wait();
  feed_->close();
  if (publisher_) publisher_->wait();
  // Their coroutines use this object.
  while (turns_under_way_ > 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

void ChangeFeed::tell(server::HealthSnapshot& snapshot) const {
  const auto problem = feed_->problem();
  snapshot.feed = {.backend = feed_->name()};
  if (worker_) {
    const auto [events, seconds] = worker_->lag();
    snapshot.feed->lag_events = events;
    snapshot.feed->lag_seconds = seconds;
    if (const auto waits = worker_->problem(); !waits.empty()) snapshot.problems.push_back(waits);
  }
  if (feed_->name() == "kafka")
    snapshot.dependencies.push_back({.name = "kafka", .connected = problem.empty(), .latency_ms = 0, .detail = problem});
  else if (!problem.empty())
    snapshot.problems.push_back("the feed: " + problem);
}

}  // namespace gibsey::app
