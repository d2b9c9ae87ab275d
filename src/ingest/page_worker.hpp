#pragma once
#include "base/result.hpp"
#include "feed/feed.hpp"
#include "ingest/page_event.hpp"
#include "ingest/page_observer.hpp"
#include "ingest/vector_worker.hpp"
#include "provider/embedder.hpp"
#include "provider/wakeup.hpp"
#include "retrieval/page_index.hpp"
#include "store/page_store.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace gibsey::ingest {

struct WorkerSettings {
  std::string topic = "cdc.pages";
  std::string dead_topic = "cdc.pages.dead";
  std::string group = "gibsey-workers";
  std::string default_world;                 ///< of rows that name none
  std::size_t most = 64;                     ///< events that are taken at once: the worker's queue
  double bytes_per_second = 10e6;            ///< of text that is embedded; 0: as fast as it goes
  double share = 0.5;                        ///< of the time that it may work while more waits, from 0.01 to 1
  std::chrono::milliseconds try_again{500};  ///< after the first failure of a store or an embedder; doubled up to 10 s
};

/// Does what the events of pages ask for: the page is read again as it is now, cut where another hand wrote it (its version is
/// then raised by its content's hash), its passages without a vector are embedded, and only then the events are committed. So an
/// event that comes twice, late or out of its order does nothing a second time. An event that nobody can read, or whose page
/// cannot be cut or embedded, goes to the dead topic with the reason; while a store, the embedder or the feed is away, the worker
/// waits. One coroutine; several workers of a group share the topic's partitions.
class PageWorker {
 public:
  /// What is null is left out: `embedder` (pages are cut, not embedded), `retriever` (this process does not search), `owed`
  /// (worlds that are being embedded as a whole are left to it). All must outlive the worker.
  PageWorker(boost::asio::any_io_executor executor, store::PageStore& pages, feed::Feed& feed, provider::Embedder* embedder,
             retrieval::PageIndex* retriever, VectorWorker* owed, PageObserver& observer, WorkerSettings settings);

  void start();
  /// Asks the coroutine to end after what it does; what is not committed is given to the next worker.
  void stop();
  /// Blocks until it has ended; not to be called from an executor's thread.
  void wait();

  [[nodiscard]] feed::Lag lag() const;
  /// What keeps it from working, as a sentence; "" for nothing.
  [[nodiscard]] std::string problem() const;

 private:
  /// A page that events of a batch name, and what became of them.
  struct Task {
    PageEvent page;
    std::vector<const feed::Delivered*> events;
    std::size_t embedded = 0;
    std::string died;  ///< why it can never be done
  };
  /// Passages of a page that lack a vector.
  struct Missing {
    std::size_t task = 0;
    model::PassageVector vector;
    std::string text;
  };
  /// What came of reading a page of a batch.
  struct Prepared {
    Result<void> outcome;
    std::vector<Missing> missing;
  };

  boost::asio::awaitable<void> run();
  boost::asio::awaitable<void> consume(feed::Consumer& consumer);
  boost::asio::awaitable<bool> rest(std::chrono::milliseconds time);
  boost::asio::awaitable<bool> work_until_done(const std::vector<feed::Delivered>& events);
  boost::asio::awaitable<Result<void>> work(const std::vector<feed::Delivered>& events);
  std::vector<Task> tasks_of(const std::vector<feed::Delivered>& events, std::vector<feed::Event>& dead) const;
  boost::asio::awaitable<void> prepare(const Task& task, std::size_t number, Prepared& prepared);
  boost::asio::awaitable<Result<std::vector<Missing>>> find_missing(PageEvent event, std::size_t number);
  boost::asio::awaitable<Result<store::IndexedPage>> cut(store::IndexedPage page);
  boost::asio::awaitable<Result<void>> embed(std::vector<Task>& tasks, std::vector<Missing> missing);
  boost::asio::awaitable<Result<void>> embed_slice(std::vector<Task>& tasks, std::vector<Missing> slice);
  boost::asio::awaitable<Result<void>> finish(std::vector<Task> tasks, std::vector<feed::Event> dead);
  boost::asio::awaitable<void> keep_to_rate(std::size_t bytes);
  void tell(std::string problem);

  boost::asio::any_io_executor executor_;
  store::PageStore& pages_;
  feed::Feed& feed_;
  provider::Embedder* embedder_;
  retrieval::PageIndex* retriever_;
  VectorWorker* owed_;
  PageObserver& observer_;
  WorkerSettings settings_;
  std::chrono::steady_clock::time_point may_embed_at_;  ///< the coroutine's own: when the rate allows more
  std::atomic<bool> stopped_ = false;
  provider::Wakeup wake_;
  std::future<void> running_;
  mutable std::mutex mutex_;            ///< guards what follows
  feed::Consumer* consumer_ = nullptr;  ///< while there is one
  std::string problem_;
};

}  // namespace gibsey::ingest
