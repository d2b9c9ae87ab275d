#pragma once
#include "feed/call_back.hpp"
#include "feed/feed.hpp"
#include "feed/kafka/handles.hpp"

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace gibsey::feed::kafka {

/// Writes to Kafka: idempotent, acknowledged by all replicas. librdkafka sends; a thread of this object hears what became of it.
class Producer {
 public:
  static Result<std::unique_ptr<Producer>> open(const Settings& settings);
  ~Producer() { close(); }

  /// `done` is called once, from any thread, when all are acknowledged or the first has failed and the others are over.
  void append(const std::string& topic, std::vector<Event> events, GoOn<Result<void>> done);
  [[nodiscard]] std::string problem() const;
  void set_problem(std::string problem);
  [[nodiscard]] rd_kafka_t* client() const { return client_.get(); }
  /// Gives what waits two seconds; then it has failed.
  void close();

 private:
  struct Batch;

  Producer() = default;
  static void delivered(rd_kafka_t* client, const rd_kafka_message_t* message, void* self);
  static void failed(rd_kafka_t* client, int error, const char* reason, void* self);
  rd_kafka_resp_err_t produce(const std::string& topic, const Event& event, Batch* batch);
  void run();
  void check_broker();

  Client client_;
  std::atomic<bool> closed_ = false;
  std::thread thread_;
  mutable std::mutex mutex_;  ///< guards what follows
  std::string problem_;
};

}  // namespace gibsey::feed::kafka
