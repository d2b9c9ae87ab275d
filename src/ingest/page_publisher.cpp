#include "ingest/page_publisher.hpp"

#include "base/log.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <algorithm>
#include <functional>
#include <utility>

namespace gibsey::ingest {
namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

constexpr int kAtOnce = 200;
constexpr std::size_t kReadAtOnce = 1000;
/// Until the store is looked at without being told: other programs write to it, too.
constexpr auto kLookAgain = std::chrono::seconds(2);
constexpr auto kAfterFailure = std::chrono::milliseconds(500);

std::size_t key_hash(const std::string& world, const std::string& id) {
  return std::hash<std::string>()(world + '\0' + id);
}

}  // namespace

PagePublisher::PagePublisher(asio::any_io_executor executor, store::PageStore& pages, feed::Feed& feed, std::string topic,
                             std::filesystem::path position, PageObserver& observer)
    : executor_(std::move(executor)),
      pages_(pages),
      feed_(feed),
      topic_(std::move(topic)),
      position_path_(std::move(position)),
      observer_(observer) {}

void PagePublisher::start(std::int64_t loaded) {
  loaded_ = loaded;
  running_ = asio::co_spawn(executor_, run(), asio::use_future);
}

void PagePublisher::wake() {
  const std::lock_guard lock(wake_.mutex());
  looking_ = true;
  wake_.notify();
}

void PagePublisher::stop() {
  stopped_ = true;
  const std::lock_guard lock(wake_.mutex());
  wake_.notify();
}

void PagePublisher::wait() {
  if (running_.valid()) running_.get();
}

asio::awaitable<void> PagePublisher::run() {
  std::string told;
  while (!stopped_) {
    {
      const std::lock_guard lock(wake_.mutex());
      looking_ = false;
    }
    const auto published = co_await publish_some();
    if (published) {
      told.clear();
      if (!*published) co_await rest(kLookAgain);
      continue;
    }
    if (stopped_) co_return;
    if (published.error().message != told) log::error("changes of pages are not on the feed yet: {}", published.error().message);
    told = published.error().message;
    // What is written meanwhile must not make this a busy loop.
    co_await wake_.wait([this] { return stopped_.load(); }, Clock::now() + kAfterFailure);
  }
}

/// Ends early when a page is written; false: it was told to stop.
asio::awaitable<bool> PagePublisher::rest(std::chrono::milliseconds time) {
  co_await wake_.wait([this] { return looking_ || stopped_; }, Clock::now() + time);
  co_return !stopped_;
}

asio::awaitable<Result<void>> PagePublisher::begin() {
  std::error_code ignored;
  std::filesystem::create_directories(position_path_.parent_path(), ignored);
  GIBSEY_CO_TRY(position_, feed::PositionFile::open(position_path_));
  GIBSEY_CO_TRY(const auto last, co_await pages_.last_change());
  // Of another store, or of this one before it was taken back to a copy.
  if (position_.value() > last) GIBSEY_CO_CHECK(position_.set(0));
  GIBSEY_CO_CHECK(co_await read_versions());
  reached_ = position_.value();
  begun_ = true;
  co_return Result<void>();
}

/// What is on the feed tells which versions a change has passed over.
asio::awaitable<Result<void>> PagePublisher::read_versions() {
  versions_.clear();
  if (position_.value() == 0) co_return Result<void>();
  GIBSEY_CO_TRY(const auto reader, co_await feed_.reader(topic_, std::string(feed::kBeginning)));
  while (!stopped_) {
    GIBSEY_CO_TRY(const auto events, co_await reader->next(kReadAtOnce, Deadline::after(std::chrono::milliseconds(200))));
    if (events.empty()) break;
    for (const auto& delivered : events) {
      const auto event = read_page_event(delivered.event.key, delivered.event.value, "");
      if (!event) continue;
      auto& version = versions_[key_hash(event->world, event->page_id)];
      version = std::max(version, event->version);
    }
  }
  co_return Result<void>();
}

/// False: there was nothing.
asio::awaitable<Result<bool>> PagePublisher::publish_some() {
  if (!begun_) GIBSEY_CO_CHECK(co_await begin());
  const auto after = position_.value();
  GIBSEY_CO_TRY(const auto changes, co_await pages_.changes_after(after, kAtOnce));
  if (changes.empty()) co_return false;
  std::vector<feed::Event> events;
  for (const auto& change : changes) add_events(change, events);
  const auto count = events.size();
  GIBSEY_CO_CHECK(co_await feed_.append(topic_, std::move(events)));
  for (const auto& change : changes) versions_[key_hash(change.world, change.page_id)] = change.version;
  GIBSEY_CO_CHECK(position_.set(changes.back().seq));
  reached_ = changes.back().seq;
  observer_.events_published(count);
  co_return true;
}

std::int64_t PagePublisher::published_version(const store::PageChange& change) const {
  const auto found = versions_.find(key_hash(change.world, change.page_id));
  if (found != versions_.end()) return found->second;
  // One that is not on the feed is new, but for those that were there before there was a feed.
  return change.seq <= loaded_ ? change.version - (change.removed ? 0 : 1) : 0;
}

void PagePublisher::add_events(const store::PageChange& change, std::vector<feed::Event>& events) {
  const auto last = change.version - (change.removed ? 0 : 1);
  for (auto version = published_version(change) + 1; version <= last; ++version)
    events.push_back(to_feed_event({change.world, change.page_id, version, change.seq, false}));
  events.push_back(to_feed_event({change.world, change.page_id, change.version, change.seq, change.removed}));
}

}  // namespace gibsey::ingest
