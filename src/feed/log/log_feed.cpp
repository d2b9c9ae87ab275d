#include "feed/log/log_feed.hpp"

#include "base/log.hpp"
#include "feed/log/log_reader.hpp"

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <charconv>

namespace gibsey::feed {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using Clock = Deadline::Clock;

constexpr std::size_t kMostWaiting = 10'000;
constexpr auto kSyncEvery = std::chrono::seconds(1);

Async<std::size_t> retain_now(log::TopicLog& topic) {
  co_return topic.retain(unix_millis_now());
}

}  // namespace

Result<std::unique_ptr<LogFeed>> LogFeed::open(fs::path folder, LogFeedOptions options) {
  std::unique_ptr<LogFeed> feed(new LogFeed(std::move(folder), std::move(options)));
  std::error_code error;
  fs::create_directories(feed->folder_, error);
  if (error) return fail(ErrorCode::unavailable, fmt::format("{} cannot be made: {}", feed->folder_.string(), error.message()));
  for (const auto& entry : fs::directory_iterator(feed->folder_, error)) {
    if (entry.is_directory() && is_topic_name(entry.path().filename().string()))
      GIBSEY_CHECK(feed->open_topic(entry.path().filename().string()));
  }
  feed->writer_ = std::thread([self = feed.get()] { self->run(); });
  return feed;
}

LogFeed::~LogFeed() {
  close();
  disk_.join();
}

Result<log::TopicLog*> LogFeed::open_topic(const std::string& name) {
  const auto retention = options_.retention.find(name);
  GIBSEY_TRY(auto opened,
             log::TopicLog::open(folder_ / name,
                                 {.sync = options_.sync,
                                  .retention = retention == options_.retention.end() ? log::Retention() : retention->second,
                                  .segment_bytes = options_.segment_bytes}));
  const std::lock_guard lock(mutex_);
  return (topics_[name] = std::move(opened)).get();
}

Result<log::TopicLog*> LogFeed::topic(const std::string& name) {
  if (!is_topic_name(name)) return fail(ErrorCode::invalid_argument, fmt::format("'{}' is no name of a topic", name));
  const std::lock_guard opening(opening_);
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return fail(ErrorCode::unavailable, "the feed is closed");
    if (const auto found = topics_.find(name); found != topics_.end()) return found->second.get();
  }
  return open_topic(name);
}

Async<void> LogFeed::append(std::string topic_name, std::vector<Event> events) {
  GIBSEY_CO_CHECK(check_events(topic_name, events));
  GIBSEY_CO_TRY(auto* const log, topic(topic_name));
  const auto start = [this, log, &events](GoOn<Result<void>> done) {
    {
      const std::lock_guard lock(mutex_);
      if (!closed_ && appends_.size() < kMostWaiting) {
        appends_.push_back({log, std::move(events), std::move(done)});
        changed_.notify_one();
        return;
      }
    }
    done(fail(ErrorCode::busy, "too many events wait to be written"));
  };
  co_return co_await call_back<Result<void>>(start);
}

Async<std::unique_ptr<Reader>> LogFeed::reader(std::string topic_name, std::string after) {
  GIBSEY_CO_TRY(auto* const log, topic(topic_name));
  std::int64_t from = 0;
  if (after == kEnd) {
    from = log->next();
  } else if (after != kBeginning) {
    const auto [end, error] = std::from_chars(after.data(), after.data() + after.size(), from);
    if (error != std::errc() || end != after.data() + after.size() || from < 0)
      co_return fail(ErrorCode::invalid_argument, fmt::format("'{}' is no position of this feed", after));
    // A position of a log that was begun anew is behind all that this one has.
    from = std::min(from + 1, log->next());
  }
  co_return std::make_unique<LogReader>(*this, *log, from);
}

Async<std::unique_ptr<Consumer>> LogFeed::consumer(std::string topic_name, std::string group) {
  GIBSEY_CO_TRY(auto* const log, topic(topic_name));
  if (!is_topic_name(group)) co_return fail(ErrorCode::invalid_argument, fmt::format("'{}' is no name of a group", group));
  GIBSEY_CO_TRY(auto position, PositionFile::open(log->folder() / (group + ".position")));
  if (position.value() > log->next()) GIBSEY_CO_CHECK(position.set(log->next()));
  {
    const std::lock_guard lock(mutex_);
    if (!groups_.emplace(log, group).second)
      co_return fail(ErrorCode::conflict, fmt::format("{} has a consumer of {} already", topic_name, group));
  }
  co_return std::make_unique<LogConsumer>(*this, *log, std::move(group), std::move(position));
}

Async<std::size_t> LogFeed::retain(std::string topic_name) {
  GIBSEY_CO_TRY(auto* const log, topic(topic_name));
  co_return co_await asio::co_spawn(disk_, retain_now(*log), asio::use_awaitable);
}

std::string LogFeed::problem() const {
  const std::lock_guard lock(mutex_);
  return problem_;
}

void LogFeed::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_one();
  }
  if (writer_.joinable()) writer_.join();
}

void LogFeed::run() {
  std::unique_lock lock(mutex_);
  auto sync_at = Clock::time_point::max();
  while (!closed_ || !appends_.empty()) {
    if (appends_.empty() && !std::exchange(wake_, false)) {
      auto until = sync_at;
      for (const auto& waiter : waiters_) until = std::min(until, waiter.until);
      if (until == Clock::time_point::max()) {
        changed_.wait(lock);
      } else {
        changed_.wait_until(lock, until);
      }
    }
    auto appends = std::exchange(appends_, {});
    lock.unlock();
    const bool wrote = !appends.empty();
    write(std::move(appends));
    if (wrote && options_.sync == log::Sync::interval && sync_at == Clock::time_point::max()) sync_at = Clock::now() + kSyncEvery;
    lock.lock();
    if (Clock::now() >= sync_at) {
      sync_at = Clock::time_point::max();
      for (const auto& [name, topic] : topics_) {
        if (const auto synced = topic->sync(); !synced) problem_ = synced.error().message;
      }
    }
    lock.unlock();
    wake_readers();
    lock.lock();
  }
  lock.unlock();
  for (const auto& [name, topic] : topics_) (void)topic->sync();
  wake_readers();
}

/// What waited is written and synced together, topic by topic.
void LogFeed::write(std::vector<Append> appends) {
  std::map<log::TopicLog*, std::vector<Append>> by_topic;
  for (auto& append : appends) by_topic[append.topic].push_back(std::move(append));
  for (auto& [topic, group] : by_topic) {
    std::vector<Event> events;
    for (auto& append : group) std::ranges::move(append.events, std::back_inserter(events));
    const auto closed = topic->closed();
    const auto written = topic->append(std::move(events));
    if (!written) gibsey::log::error("the feed is not written: {}", written.error().message);
    {
      const std::lock_guard lock(mutex_);
      problem_ = written ? "" : written.error().message;
    }
    for (auto& append : group) append.done(written);
    if (topic->closed() != closed) retain_soon(*topic);
  }
}

void LogFeed::retain_soon(log::TopicLog& topic) {
  asio::post(disk_, [&topic] {
    const auto retained = topic.retain(unix_millis_now());
    if (!retained) gibsey::log::error("old events are not given up: {}", retained.error().message);
  });
}

void LogFeed::wake_readers() {
  std::vector<Waiter> ready;
  bool closed = false;
  {
    const std::lock_guard lock(mutex_);
    closed = closed_;
    const auto now = Clock::now();
    const auto waits = [&](const Waiter& waiter) {
      return !closed && !*waiter.stopped && waiter.topic->next() <= waiter.from && now < waiter.until;
    };
    const auto end = std::partition(waiters_.begin(), waiters_.end(), waits);
    std::move(end, waiters_.end(), std::back_inserter(ready));
    waiters_.erase(end, waiters_.end());
  }
  for (auto& waiter : ready) waiter.wake(!closed);
}

void LogFeed::add(Waiter waiter) {
  bool closed = false;
  {
    const std::lock_guard lock(mutex_);
    closed = closed_;
    if (!closed && !*waiter.stopped && waiter.topic->next() <= waiter.from) {
      waiters_.push_back(std::move(waiter));
      changed_.notify_one();
      return;
    }
  }
  waiter.wake(!closed);
}

void LogFeed::wake_stopped() {
  const std::lock_guard lock(mutex_);
  wake_ = true;
  changed_.notify_one();
}

void LogFeed::leave(const log::TopicLog& topic, const std::string& group) {
  const std::lock_guard lock(mutex_);
  groups_.erase({&topic, group});
}

}  // namespace gibsey::feed
