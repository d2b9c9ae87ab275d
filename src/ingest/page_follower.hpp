#pragma once
#include "base/deadline.hpp"
#include "base/result.hpp"
#include "ingest/page_observer.hpp"
#include "provider/wakeup.hpp"
#include "retrieval/page_index.hpp"
#include "store/page_store.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace gibsey::ingest {

/// Keeps what is searched in step with the store: one coroutine takes the changes of pages in their order, whoever wrote them,
/// and brings each into the retriever's index. A change of another process is seen within two
/// seconds. Safe to call from any thread.
class PageFollower {
 public:
  /// All must outlive the follower.
  PageFollower(boost::asio::any_io_executor executor, store::PageStore& pages, retrieval::PageIndex& retriever,
               PageObserver& observer);

  /// Begins behind the change `loaded`: the index has it and all before it.
  void start(std::int64_t loaded);
  /// Asks the coroutine to end, and ends every wait with an error.
  void stop();
  /// Blocks until it has ended; not to be called from an executor's thread.
  void wait();
  /// The indexes were loaded anew, with every change up to this one.
  void loaded(std::int64_t change);

  /// A page was written; `seq` is its change.
  void written(std::int64_t seq);
  /// Waits until the change `seq` and all before it are searchable by text. Errors: deadline, unavailable (stopped).
  boost::asio::awaitable<Result<void>> wait_for(std::int64_t seq, Deadline deadline);
  /// Waits until that version of a page, or one after it, is searchable, or was and has been removed. Errors: as wait_for.
  boost::asio::awaitable<Result<void>> wait_for_version(std::string world, std::string id, std::int64_t version,
                                                        Deadline deadline);
  [[nodiscard]] std::int64_t reached() const { return reached_; }

 private:
  struct Write {
    std::int64_t seq = 0;
    std::chrono::steady_clock::time_point at;
  };

  boost::asio::awaitable<void> run();
  boost::asio::awaitable<bool> follow_all(std::vector<store::PageChange> changes);
  boost::asio::awaitable<bool> follow(const store::PageChange& change);
  boost::asio::awaitable<bool> rest(std::chrono::milliseconds time);
  boost::asio::awaitable<bool> wait_until(std::function<bool()> ready, Deadline deadline);
  void reach(const store::PageChange& change);

  boost::asio::any_io_executor executor_;
  store::PageStore& pages_;
  retrieval::PageIndex& retriever_;
  PageObserver& observer_;
  std::atomic<std::int64_t> reached_ = 0;
  std::atomic<std::int64_t> loaded_ = 0;
  std::atomic<bool> stopped_ = false;
  provider::Wakeup wake_;
  bool looking_ = true;  ///< there may be changes; guarded by wake_
  std::future<void> running_;
  std::mutex mutex_;  ///< guards what follows
  std::vector<std::shared_ptr<provider::Wakeup>> waiting_;
  std::deque<Write> writes_;  ///< of this process, not searchable yet
};

}  // namespace gibsey::ingest
