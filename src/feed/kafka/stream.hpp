#pragma once
#include "feed/call_back.hpp"
#include "feed/feed.hpp"
#include "feed/kafka/handles.hpp"

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace gibsey::feed::kafka {

/// What a client of Kafka reads, from its own thread to coroutines, through a bounded queue: while that is full the partitions
/// are paused. Either a group's, which shares the topic's partitions with others, or one that begins where it is told.
class Stream {
 public:
  using Offsets = std::map<std::int32_t, std::int64_t>;  ///< by partition: of the next event

  static Result<std::unique_ptr<Stream>> of_group(const Settings& settings, const std::string& topic, const std::string& group);
  static Result<std::unique_ptr<Stream>> from(const Settings& settings, const std::string& topic, const Offsets& start);
  /// Leaves the group.
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  Async<std::vector<Delivered>> next(std::size_t most, Deadline deadline);
  void stop();
  /// One at a time. Errors: conflict, unavailable (stopped, too).
  Async<void> commit(Offsets offsets);
  [[nodiscard]] Lag lag() const;

 private:
  struct Waiter {
    Deadline::Clock::time_point until;
    GoOn<bool> wake;
  };
  /// A commit under way; one at a time.
  struct Commit {
    Offsets offsets;
    GoOn<Result<void>> done;
  };
  /// What is known of a partition that is this stream's.
  struct Place {
    std::int64_t done = -1;       ///< behind the last commit, or the first event that was delivered; -1: neither
    std::int64_t committed = -1;  ///< behind the last commit of this stream; -1: none
    UnixMillis oldest = 0;        ///< time of the first event that was delivered and is not committed; 0: none
  };

  explicit Stream(std::string topic) : topic_(std::move(topic)) {}
  static Result<std::unique_ptr<Stream>> make(const Settings& settings, const std::string& topic, const std::string& group);
  static void rebalanced(rd_kafka_t* client, rd_kafka_resp_err_t what, rd_kafka_topic_partition_list_t* partitions, void* self);
  static void committed(rd_kafka_t* client, rd_kafka_resp_err_t error, rd_kafka_topic_partition_list_t* partitions, void* self);
  void end_commit(Result<void> outcome);
  void run();
  void take(const rd_kafka_message_t& message);
  void pace();
  void pause();
  void resume();
  [[nodiscard]] Partitions partitions() const;
  void wake(bool all);
  std::optional<Error> why_not(const Offsets& offsets) const;

  std::string topic_;
  Client client_;
  Queue queue_;
  std::thread thread_;
  std::atomic<bool> stopped_ = false;
  std::atomic<bool> closing_ = false;
  bool paused_ = false;       ///< the thread's own
  mutable std::mutex mutex_;  ///< guards what follows
  std::deque<Delivered> events_;
  std::size_t bytes_ = 0;
  std::map<std::int32_t, Place> places_;
  std::optional<Waiter> waiter_;
  std::optional<Commit> commit_;
  std::optional<Error> failure_;
};

}  // namespace gibsey::feed::kafka
