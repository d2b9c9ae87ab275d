#include "feed/kafka/producer.hpp"

#include "base/log.hpp"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <utility>

namespace gibsey::feed::kafka {
namespace {

constexpr int kPollMs = 100;
constexpr int kFlushMs = 2000;
constexpr auto kAskAgain = std::chrono::seconds(2);

rd_kafka_vu_t value_of(rd_kafka_vtype_t type) {
  rd_kafka_vu_t value{};
  value.vtype = type;
  return value;
}

rd_kafka_vu_t bytes_of(rd_kafka_vtype_t type, const std::string& bytes) {
  auto value = value_of(type);
  value.u.mem.ptr = const_cast<char*>(bytes.data());  // NOLINT: copied by librdkafka
  value.u.mem.size = bytes.size();
  return value;
}

}  // namespace

/// What one append waits for. Owned by the messages that are under way.
struct Producer::Batch {
  std::atomic<std::size_t> left = 1;  ///< one for append() itself
  std::mutex mutex;
  Result<void> outcome;
  GoOn<Result<void>> done;

  void end_one(rd_kafka_resp_err_t error) {
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
      const std::lock_guard lock(mutex);
      if (outcome) outcome = std::unexpected(to_error(error, "an event is not written"));
    }
    if (--left > 0) return;
    done(std::move(outcome));
    delete this;  // NOLINT: nobody else has it
  }
};

Result<std::unique_ptr<Producer>> Producer::open(const Settings& settings) {
  std::unique_ptr<Producer> producer(new Producer());
  auto all = settings;
  all.insert({{"enable.idempotence", "true"},
              {"acks", "all"},
              {"partitioner", "murmur2_random"},  // Java's: one key is in one partition whoever writes it
              {"linger.ms", "2"},
              {"message.timeout.ms", "5000"},
              {"queue.buffering.max.messages", "50000"}});
  GIBSEY_TRY(auto conf, make_conf(all, producer.get()));
  rd_kafka_conf_set_dr_msg_cb(conf.get(), delivered);
  rd_kafka_conf_set_error_cb(conf.get(), failed);
  GIBSEY_TRY(producer->client_, make_client(RD_KAFKA_PRODUCER, std::move(conf)));
  producer->thread_ = std::thread([self = producer.get()] { self->run(); });
  return producer;
}

void Producer::run() {
  auto ask_at = std::chrono::steady_clock::now();
  while (!closed_) {
    rd_kafka_poll(client_.get(), kPollMs);
    if (problem().empty() || std::chrono::steady_clock::now() < ask_at) continue;
    check_broker();
    ask_at = std::chrono::steady_clock::now() + kAskAgain;
  }
}

/// A broker that is back is noticed though nothing is written.
void Producer::check_broker() {
  const struct rd_kafka_metadata* metadata = nullptr;
  const auto error = rd_kafka_metadata(client_.get(), 0, nullptr, &metadata, 300);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return;
  rd_kafka_metadata_destroy(metadata);
  set_problem("");
}

void Producer::delivered(rd_kafka_t* /*client*/, const rd_kafka_message_t* message, void* self) {
  if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) static_cast<Producer*>(self)->set_problem("");
  static_cast<Batch*>(message->_private)->end_one(message->err);
}

void Producer::failed(rd_kafka_t* /*client*/, int error, const char* reason, void* self) {
  const auto code = static_cast<rd_kafka_resp_err_t>(error);
  if (code == RD_KAFKA_RESP_ERR__TRANSPORT || code == RD_KAFKA_RESP_ERR__TIMED_OUT) return;  // of one broker
  static_cast<Producer*>(self)->set_problem(reason);
}

void Producer::set_problem(std::string problem) {
  const std::lock_guard lock(mutex_);
  if (problem_.empty() != problem.empty()) {
    if (problem.empty()) gibsey::log::info("kafka is back");
    if (!problem.empty()) gibsey::log::warn("kafka is away: {}", problem);
  }
  problem_ = std::move(problem);
}

std::string Producer::problem() const {
  const std::lock_guard lock(mutex_);
  return problem_;
}

rd_kafka_resp_err_t Producer::produce(const std::string& topic, const Event& event, Batch* batch) {
  auto name = value_of(RD_KAFKA_VTYPE_TOPIC);
  name.u.cstr = topic.c_str();
  auto flags = value_of(RD_KAFKA_VTYPE_MSGFLAGS);
  flags.u.i = RD_KAFKA_MSG_F_COPY;
  auto time = value_of(RD_KAFKA_VTYPE_TIMESTAMP);
  time.u.i64 = event.time;
  auto opaque = value_of(RD_KAFKA_VTYPE_OPAQUE);
  opaque.u.ptr = batch;
  auto* const headers = rd_kafka_headers_new(event.headers.size());
  for (const auto& [header, value] : event.headers)
    rd_kafka_header_add(headers, header.data(), static_cast<ssize_t>(header.size()), value.data(),
                        static_cast<ssize_t>(value.size()));
  auto extra = value_of(RD_KAFKA_VTYPE_HEADERS);
  extra.u.headers = headers;
  const std::array values{
      name, flags, bytes_of(RD_KAFKA_VTYPE_KEY, event.key), bytes_of(RD_KAFKA_VTYPE_VALUE, event.value), time, opaque, extra};
  auto* const error = rd_kafka_produceva(client_.get(), values.data(), values.size());
  if (error == nullptr) return RD_KAFKA_RESP_ERR_NO_ERROR;
  // The headers are still ours then.
  rd_kafka_headers_destroy(headers);
  const auto code = rd_kafka_error_code(error);
  rd_kafka_error_destroy(error);
  return code;
}

void Producer::append(const std::string& topic, std::vector<Event> events, GoOn<Result<void>> done) {
  auto* const batch = new Batch();  // NOLINT: its last message deletes it
  batch->done = std::move(done);
  auto error = closed_ ? RD_KAFKA_RESP_ERR__DESTROY : RD_KAFKA_RESP_ERR_NO_ERROR;
  for (const auto& event : events) {
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) break;
    ++batch->left;
    error = produce(topic, event, batch);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) --batch->left;
  }
  batch->end_one(error);
}

void Producer::close() {
  if (closed_.exchange(true)) return;
  if (thread_.joinable()) thread_.join();
  if (!client_) return;
  rd_kafka_flush(client_.get(), kFlushMs);
  rd_kafka_purge(client_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  rd_kafka_flush(client_.get(), kFlushMs);
}

}  // namespace gibsey::feed::kafka
