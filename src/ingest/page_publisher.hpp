#pragma once
#include "base/result.hpp"
#include "feed/feed.hpp"
#include "feed/position_file.hpp"
#include "ingest/page_event.hpp"
#include "ingest/page_observer.hpp"
#include "provider/wakeup.hpp"
#include "store/page_store.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <future>
#include <string>
#include <unordered_map>
#include <vector>

namespace gibsey::ingest {

/// Puts every durable change of the store's pages on the feed, in the store's order, at least once, and a version that several
/// writes have passed over too. It follows the store as PageFollower does, whoever wrote: no writer waits for it or knows of it,
/// and while the feed is away changes wait in the store. Where it stopped it goes on, by a position in a file of its own; without
/// one it begins with the pages as they are.
class PagePublisher {
 public:
  /// `position` is the file; it belongs where the topic's events are kept, so that both are lost together. All must outlive the
  /// publisher.
  PagePublisher(boost::asio::any_io_executor executor, store::PageStore& pages, feed::Feed& feed, std::string topic,
                std::filesystem::path position, PageObserver& observer);

  /// Changes up to `loaded` were there before readers and writers came: without a position file their pages are published as they
  /// are, without the versions that they had.
  void start(std::int64_t loaded);
  /// Pages were written.
  void wake();
  /// Asks the coroutine to end.
  void stop();
  /// Blocks until it has ended; not to be called from an executor's thread.
  void wait();

  /// The last change that is on the feed.
  [[nodiscard]] std::int64_t reached() const { return reached_; }

 private:
  boost::asio::awaitable<void> run();
  boost::asio::awaitable<bool> rest(std::chrono::milliseconds time);
  boost::asio::awaitable<Result<void>> begin();
  boost::asio::awaitable<Result<void>> read_versions();
  boost::asio::awaitable<Result<bool>> publish_some();
  void add_events(const store::PageChange& change, std::vector<feed::Event>& events);
  [[nodiscard]] std::int64_t published_version(const store::PageChange& change) const;

  boost::asio::any_io_executor executor_;
  store::PageStore& pages_;
  feed::Feed& feed_;
  std::string topic_;
  std::filesystem::path position_path_;
  PageObserver& observer_;
  // The coroutine's own.
  feed::PositionFile position_;
  std::int64_t loaded_ = 0;
  bool begun_ = false;
  std::unordered_map<std::size_t, std::int64_t> versions_;  ///< hash of a page's key -> the last version that is on the feed
  std::atomic<std::int64_t> reached_ = 0;
  std::atomic<bool> stopped_ = false;
  provider::Wakeup wake_;
  bool looking_ = true;  ///< there may be changes; guarded by wake_
  std::future<void> running_;
};

}  // namespace gibsey::ingest
