#include "feed/kafka/stream.hpp"

#include "base/log.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace gibsey::feed::kafka {
namespace {

using Clock = Deadline::Clock;

constexpr int kPollMs = 100;
/// The queue's bounds; half of them is when reading goes on.
constexpr std::size_t kMostEvents = 1000;
constexpr std::size_t kMostBytes = 16UL * 1024UL * 1024UL;

std::string text_of(const void* bytes, std::size_t size) {
  return bytes == nullptr ? std::string() : std::string(static_cast<const char*>(bytes), size);
}

std::vector<Header> headers_of(const rd_kafka_message_t& message) {
  std::vector<Header> found;
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return found;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i)
    found.push_back({name, text_of(value, size)});
  return found;
}

Delivered delivered_of(const rd_kafka_message_t& message) {
  rd_kafka_timestamp_type_t type{};
  Delivered delivered;
  delivered.event = {text_of(message.key, message.key_len), text_of(message.payload, message.len), headers_of(message),
                     std::max<std::int64_t>(rd_kafka_message_timestamp(&message, &type), 0)};
  delivered.partition = message.partition;
  delivered.offset = message.offset;
  return delivered;
}

}  // namespace

Result<std::unique_ptr<Stream>> Stream::make(const Settings& settings, const std::string& topic, const std::string& group) {
  std::unique_ptr<Stream> stream(new Stream(topic));
  auto all = settings;
  all.insert({{"group.id", group},
              {"enable.auto.commit", "false"},
              {"enable.auto.offset.store", "false"},
              {"auto.offset.reset", "earliest"},
              {"fetch.wait.max.ms", "100"},
              {"session.timeout.ms", "10000"},
              {"heartbeat.interval.ms", "1000"},
              {"max.poll.interval.ms", "86400000"},  // the thread below always polls
              {"queued.max.messages.kbytes", "16384"}});
  GIBSEY_TRY(auto conf, make_conf(all, stream.get()));
  rd_kafka_conf_set_rebalance_cb(conf.get(), rebalanced);
  GIBSEY_TRY(stream->client_, make_client(RD_KAFKA_CONSUMER, std::move(conf)));
  rd_kafka_poll_set_consumer(stream->client_.get());
  stream->queue_.reset(rd_kafka_queue_get_consumer(stream->client_.get()));
  return stream;
}

Result<std::unique_ptr<Stream>> Stream::of_group(const Settings& settings, const std::string& topic, const std::string& group) {
  GIBSEY_TRY(auto stream, make(settings, topic, group));
  const Partitions topics(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(topics.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
  const auto error = rd_kafka_subscribe(stream->client_.get(), topics.get());
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return std::unexpected(to_error(error, "no group can be joined"));
  stream->thread_ = std::thread([self = stream.get()] { self->run(); });
  return stream;
}

Result<std::unique_ptr<Stream>> Stream::from(const Settings& settings, const std::string& topic, const Offsets& start) {
  GIBSEY_TRY(auto stream, make(settings, topic, "gibsey-reader"));
  const Partitions partitions(rd_kafka_topic_partition_list_new(static_cast<int>(start.size())));
  for (const auto& [partition, offset] : start) {
    rd_kafka_topic_partition_list_add(partitions.get(), topic.c_str(), partition)->offset = offset;
    stream->places_[partition] = {};
  }
  const auto error = rd_kafka_assign(stream->client_.get(), partitions.get());
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return std::unexpected(to_error(error, "a topic cannot be read"));
  stream->thread_ = std::thread([self = stream.get()] { self->run(); });
  return stream;
}

Stream::~Stream() {
  stop();
  closing_ = true;
  if (thread_.joinable()) thread_.join();
  queue_.reset();
  // Callbacks run until the group is left.
  if (client_) rd_kafka_consumer_close(client_.get());
}

void Stream::run() {
  while (!closing_) {
    const Message message(rd_kafka_consumer_poll(client_.get(), kPollMs));
    if (message) take(*message);
    pace();
    wake(false);
  }
}

void Stream::take(const rd_kafka_message_t& message) {
  if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    const bool passing = message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF || message.err == RD_KAFKA_RESP_ERR__TRANSPORT ||
                         message.err == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN;
    if (passing) return;
    gibsey::log::warn("kafka: {}: {}", topic_, rd_kafka_message_errstr(&message));
    const std::lock_guard lock(mutex_);
    // The topic may still be made, or made again.
    if (message.err != RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) failure_ = to_error(message.err, topic_ + " is not read");
    return;
  }
  auto delivered = delivered_of(message);
  const std::lock_guard lock(mutex_);
  const auto place = places_.find(message.partition);
  if (place == places_.end()) return;
  if (place->second.done < 0) place->second.done = message.offset;
  bytes_ += delivered.event.value.size();
  events_.push_back(std::move(delivered));
}

/// Pauses and goes on, as the queue fills and empties.
void Stream::pace() {
  {
    const std::lock_guard lock(mutex_);
    const bool full = events_.size() >= kMostEvents || bytes_ >= kMostBytes;
    const bool room = events_.size() <= kMostEvents / 2 && bytes_ <= kMostBytes / 2;
    if (paused_ ? !room : !full) return;
  }
  paused_ ? resume() : pause();
}

Partitions Stream::partitions() const {
  Partitions found(rd_kafka_topic_partition_list_new(4));
  const std::lock_guard lock(mutex_);
  for (const auto& [partition, place] : places_) rd_kafka_topic_partition_list_add(found.get(), topic_.c_str(), partition);
  return found;
}

void Stream::pause() {
  rd_kafka_pause_partitions(client_.get(), partitions().get());
  paused_ = true;
}

/// Where it is paused, and nowhere else: up to librdkafka 2.0 to resume what is not paused drops events that are under way.
void Stream::resume() {
  if (std::exchange(paused_, false)) rd_kafka_resume_partitions(client_.get(), partitions().get());
}

/// In rd_kafka_consumer_poll and rd_kafka_consumer_close.
void Stream::rebalanced(rd_kafka_t* client, rd_kafka_resp_err_t what, rd_kafka_topic_partition_list_t* partitions, void* opaque) {
  auto& self = *static_cast<Stream*>(opaque);
  const bool assigned = what == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
  // A partition that is paused stays so through a rebalance, and nobody would resume it.
  self.resume();
  {
    const std::lock_guard lock(self.mutex_);
    // What waits and was not handed out is given again, to whoever has the partition then.
    self.events_.clear();
    self.bytes_ = 0;
    self.places_.clear();
    for (int i = 0; assigned && i < partitions->cnt; ++i) self.places_[partitions->elems[i].partition] = {};
  }
  gibsey::log::debug("kafka: {}: {} partitions are {}", self.topic_, partitions->cnt, assigned ? "this worker's" : "given up");
  rd_kafka_assign(client, assigned ? partitions : nullptr);
}

void Stream::wake(bool all) {
  std::optional<Waiter> waiter;
  {
    const std::lock_guard lock(mutex_);
    if (!waiter_) return;
    const bool ready = all || stopped_ || failure_ || !events_.empty() || Clock::now() >= waiter_->until;
    if (!ready) return;
    waiter = std::exchange(waiter_, std::nullopt);
  }
  waiter->wake(true);
}

void Stream::stop() {
  stopped_ = true;
  wake(true);
  // Kafka may be away for long.
  end_commit(fail(ErrorCode::unavailable, "the reader was stopped"));
}

Async<std::vector<Delivered>> Stream::next(std::size_t most, Deadline deadline) {
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (stopped_) co_return fail(ErrorCode::cancelled, "the reader was stopped");
      if (failure_) co_return std::unexpected(*std::exchange(failure_, std::nullopt));
      std::vector<Delivered> taken;
      while (!events_.empty() && taken.size() < most) {
        auto& place = places_[events_.front().partition];
        if (place.oldest == 0) place.oldest = std::max<UnixMillis>(events_.front().event.time, 1);
        bytes_ -= events_.front().event.value.size();
        taken.push_back(std::move(events_.front()));
        events_.pop_front();
      }
      if (!taken.empty() || deadline.passed()) co_return taken;
    }
    const auto wait = [this, deadline](GoOn<bool> go_on) {
      {
        const std::lock_guard lock(mutex_);
        if (!stopped_ && !failure_ && events_.empty()) {
          waiter_ = Waiter{deadline.at(), std::move(go_on)};
          return;
        }
      }
      go_on(true);
    };
    co_await call_back<bool>(wait);
  }
}

/// With the lock held.
std::optional<Error> Stream::why_not(const Offsets& offsets) const {
  for (const auto& [partition, offset] : offsets) {
    if (!places_.contains(partition))
      return Error{ErrorCode::conflict, fmt::format("partition {} of {} is another's by now", partition, topic_)};
  }
  return std::nullopt;
}

Async<void> Stream::commit(Offsets offsets) {
  {
    const std::lock_guard lock(mutex_);
    if (auto why = why_not(offsets)) co_return std::unexpected(*std::move(why));
    std::erase_if(offsets, [this](const auto& entry) { return entry.second <= places_[entry.first].committed; });
  }
  if (offsets.empty()) co_return Result<void>();
  const auto start = [this, &offsets](GoOn<Result<void>> done) {
    const Partitions partitions(rd_kafka_topic_partition_list_new(static_cast<int>(offsets.size())));
    for (const auto& [partition, offset] : offsets)
      rd_kafka_topic_partition_list_add(partitions.get(), topic_.c_str(), partition)->offset = offset;
    {
      const std::lock_guard lock(mutex_);
      commit_ = Commit{offsets, std::move(done)};
    }
    const auto error = rd_kafka_commit_queue(client_.get(), partitions.get(), queue_.get(), committed, this);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) committed(client_.get(), error, nullptr, this);
    if (stopped_) end_commit(fail(ErrorCode::unavailable, "the reader was stopped"));
  };
  co_return co_await call_back<Result<void>>(start);
}

/// In rd_kafka_consumer_poll.
void Stream::committed(rd_kafka_t* /*client*/, rd_kafka_resp_err_t error, rd_kafka_topic_partition_list_t* /*partitions*/,
                       void* self) {
  const bool others = error == RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION || error == RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID ||
                      error == RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS || error == RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST;
  Result<void> outcome;
  if (others) outcome = fail(ErrorCode::conflict, "the group shares its partitions out anew");
  if (!others && error != RD_KAFKA_RESP_ERR_NO_ERROR) outcome = std::unexpected(to_error(error, "a commit failed"));
  static_cast<Stream*>(self)->end_commit(std::move(outcome));
}

void Stream::end_commit(Result<void> outcome) {
  std::optional<Commit> commit;
  {
    const std::lock_guard lock(mutex_);
    commit = std::exchange(commit_, std::nullopt);
    if (!commit) return;
    for (const auto& [partition, offset] : commit->offsets) {
      const auto place = places_.find(partition);
      if (!outcome || place == places_.end()) continue;
      place->second.done = place->second.committed = offset;
      place->second.oldest = 0;
    }
  }
  commit->done(std::move(outcome));
}

Lag Stream::lag() const {
  const std::lock_guard lock(mutex_);
  Lag lag;
  UnixMillis oldest = 0;
  for (const auto& [partition, place] : places_) {
    std::int64_t low = 0;
    std::int64_t high = 0;
    const auto error = rd_kafka_get_watermark_offsets(client_.get(), topic_.c_str(), partition, &low, &high);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR || place.done < 0 || high <= place.done) continue;
    lag.events += high - place.done;
    if (place.oldest > 0 && (oldest == 0 || place.oldest < oldest)) oldest = place.oldest;
  }
  if (oldest > 0) lag.seconds = static_cast<double>(std::max<UnixMillis>(unix_millis_now() - oldest, 0)) / 1000;
  return lag;
}

}  // namespace gibsey::feed::kafka
