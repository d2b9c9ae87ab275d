#pragma once
#include "feed/log/log_feed.hpp"
#include "feed/position_file.hpp"

#include <atomic>

namespace gibsey::feed {

class LogReader final : public Reader {
 public:
  LogReader(LogFeed& feed, log::TopicLog& topic, std::int64_t from) : feed_(feed), topic_(topic), from_(from) {}
  ~LogReader() override { stop(); }

  Async<std::vector<Delivered>> next(std::size_t most, Deadline deadline) override;
  void stop() override;
  [[nodiscard]] std::int64_t from() const { return from_; }
  [[nodiscard]] const log::TopicLog& topic() const { return topic_; }

 private:
  LogFeed& feed_;
  log::TopicLog& topic_;
  std::atomic<std::int64_t> from_;
  std::atomic<bool> stopped_ = false;
};

class LogConsumer final : public Consumer {
 public:
  LogConsumer(LogFeed& feed, log::TopicLog& topic, std::string group, PositionFile position);
  ~LogConsumer() override;

  Async<std::vector<Delivered>> next(std::size_t most, Deadline deadline) override;
  void stop() override { reader_.stop(); }
  Async<void> commit(const std::vector<Delivered>& events) override;
  [[nodiscard]] Lag lag() const override;

 private:
  LogFeed& feed_;
  std::string group_;
  LogReader reader_;
  mutable std::mutex mutex_;  ///< guards what follows
  PositionFile position_;
  UnixMillis oldest_ = 0;  ///< time of the first event that was delivered and is not committed
};

}  // namespace gibsey::feed
