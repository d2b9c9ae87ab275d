#pragma once
#include "feed/call_back.hpp"
#include "feed/feed.hpp"
#include "feed/log/topic_log.hpp"

#include <boost/asio/thread_pool.hpp>

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace gibsey::feed {

struct LogFeedOptions {
  log::Sync sync = log::Sync::always;
  std::uint64_t segment_bytes = 16UL * 1024UL * 1024UL;
  std::map<std::string, log::Retention> retention;  ///< by topic; of others everything is kept
};

/// The feed without a broker: a folder of logs (docs/feed_log.md), one partition a topic. A group has one consumer here; a second
/// one is refused with conflict. One thread writes: what waits is written and synced together.
class LogFeed final : public Feed {
 public:
  /// Reads all that is there. The folder is this program's alone. Errors: unavailable; corrupt, saying what to do.
  static Result<std::unique_ptr<LogFeed>> open(std::filesystem::path folder, LogFeedOptions options = {});
  ~LogFeed() override;

  Async<void> append(std::string topic, std::vector<Event> events) override;
  Async<std::unique_ptr<Reader>> reader(std::string topic, std::string after) override;
  Async<std::unique_ptr<Consumer>> consumer(std::string topic, std::string group) override;
  [[nodiscard]] std::string name() const override { return "log"; }
  [[nodiscard]] std::string problem() const override;
  void close() override;

  /// Does what the topic's Retention says, as the feed does by itself when a file is full. Answers how many events went.
  Async<std::size_t> retain(std::string topic);

 private:
  friend class LogReader;
  friend class LogConsumer;

  struct Append {
    log::TopicLog* topic;
    std::vector<Event> events;
    GoOn<Result<void>> done;
  };
  struct Waiter {
    const std::atomic<bool>* stopped;  ///< the reader's
    const log::TopicLog* topic;
    std::int64_t from;
    Deadline::Clock::time_point until;
    GoOn<bool> wake;  ///< false: the feed is closed
  };

  LogFeed(std::filesystem::path folder, LogFeedOptions options) : folder_(std::move(folder)), options_(std::move(options)) {}
  Result<log::TopicLog*> topic(const std::string& name);
  Result<log::TopicLog*> open_topic(const std::string& name);
  void run();
  void write(std::vector<Append> appends);
  void retain_soon(log::TopicLog& topic);
  void wake_readers();
  void add(Waiter waiter);
  void wake_stopped();
  void leave(const log::TopicLog& topic, const std::string& group);

  std::filesystem::path folder_;
  LogFeedOptions options_;
  boost::asio::thread_pool disk_{1};  ///< reads, opens, compacts
  std::mutex opening_;                ///< of topics
  mutable std::mutex mutex_;          ///< guards what follows
  std::condition_variable changed_;
  std::map<std::string, std::unique_ptr<log::TopicLog>> topics_;
  std::set<std::pair<const log::TopicLog*, std::string>> groups_;
  std::vector<Append> appends_;
  std::vector<Waiter> waiters_;
  std::string problem_;
  bool wake_ = false;  ///< a reader was stopped
  bool closed_ = false;
  std::thread writer_;
};

}  // namespace gibsey::feed
