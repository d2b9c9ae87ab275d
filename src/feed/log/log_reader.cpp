#include "feed/log/log_reader.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>

namespace gibsey::feed {
namespace {

namespace asio = boost::asio;

Async<std::vector<log::Record>> read(const log::TopicLog& topic, std::int64_t from, std::size_t most) {
  co_return topic.read(from, most);
}

}  // namespace

Async<std::vector<Delivered>> LogReader::next(std::size_t most, Deadline deadline) {
  while (!stopped_) {
    std::vector<log::Record> records;
    const auto end = topic_.next();
    if (end > from_) {
      GIBSEY_CO_TRY(records, co_await asio::co_spawn(feed_.disk_, read(topic_, from_, most), asio::use_awaitable));
    }
    std::vector<Delivered> delivered;
    for (auto& record : records) {
      from_ = record.offset + 1;
      delivered.push_back({std::move(record.event), 0, record.offset, std::to_string(record.offset)});
    }
    if (!delivered.empty() || deadline.passed()) co_return delivered;
    // All that was behind a position may be gone.
    if (end > from_) from_ = end;
    const auto wait = [this, deadline](GoOn<bool> wake) {
      feed_.add({&stopped_, &topic_, from_, deadline.at(), std::move(wake)});
    };
    if (!co_await call_back<bool>(wait)) co_return fail(ErrorCode::unavailable, "the feed is closed");
  }
  co_return fail(ErrorCode::cancelled, "the reader was stopped");
}

void LogReader::stop() {
  stopped_ = true;
  feed_.wake_stopped();
}

LogConsumer::LogConsumer(LogFeed& feed, log::TopicLog& topic, std::string group, PositionFile position)
    : feed_(feed), group_(std::move(group)), reader_(feed, topic, position.value()), position_(std::move(position)) {}

LogConsumer::~LogConsumer() {
  reader_.stop();
  feed_.leave(reader_.topic(), group_);
}

Async<std::vector<Delivered>> LogConsumer::next(std::size_t most, Deadline deadline) {
  GIBSEY_CO_TRY(auto events, co_await reader_.next(most, deadline));
  for (auto& event : events) event.position.clear();
  const std::lock_guard lock(mutex_);
  if (oldest_ == 0 && !events.empty()) oldest_ = events.front().event.time;
  co_return events;
}

Async<void> LogConsumer::commit(const std::vector<Delivered>& events) {
  const std::lock_guard lock(mutex_);
  auto next = position_.value();
  for (const auto& event : events) next = std::max(next, event.offset + 1);
  GIBSEY_CO_CHECK(position_.set(next));
  oldest_ = next < reader_.topic().next() ? unix_millis_now() : 0;
  co_return Result<void>();
}

Lag LogConsumer::lag() const {
  const std::lock_guard lock(mutex_);
  const auto behind = reader_.topic().next() - position_.value();
  if (behind <= 0) return {};
  return {behind, oldest_ == 0 ? 0 : static_cast<double>(std::max<UnixMillis>(unix_millis_now() - oldest_, 0)) / 1000};
}

}  // namespace gibsey::feed
