#pragma once
#include "base/result.hpp"
#include "ingest/page_observer.hpp"
#include "provider/embedder.hpp"
#include "provider/wakeup.hpp"
#include "retrieval/retriever.hpp"
#include "store/page_store.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <atomic>
#include <chrono>
#include <future>
#include <map>
#include <string>
#include <utility>

namespace gibsey::ingest {

/// Embeds what has no vector yet, behind the readers' backs: the passages of a changed page at once, all of a world that the
/// embedder could not embed (it may be elsewhere, and away for hours) every ten seconds. One coroutine; safe to call from any
/// thread.
class VectorWorker {
 public:
  /// All must outlive the worker.
  VectorWorker(boost::asio::any_io_executor executor, store::PageStore& pages, retrieval::Retriever& retriever,
               provider::Embedder& embedder, PageObserver& observer);

  void start();
  /// Asks the coroutine to end after what it does.
  void stop();
  /// Blocks until it has ended; not to be called from an executor's thread.
  void wait();

  void page_changed(const std::string& world, const std::string& id);
  /// Passages of this world may lack vectors.
  void owe(const std::string& world);
  /// Worlds whose vectors are still to come, and what has kept them ("": nothing so far).
  [[nodiscard]] std::map<std::string, std::string> owed();

 private:
  using PageKey = std::pair<std::string, std::string>;  ///< world, id
  using Time = std::chrono::steady_clock::time_point;

  boost::asio::awaitable<void> run();
  boost::asio::awaitable<void> embed_changed();
  boost::asio::awaitable<void> embed_owed();
  boost::asio::awaitable<Result<std::size_t>> embed_page(std::string world, std::string id);
  boost::asio::awaitable<Result<void>> embed_world(std::string world);

  boost::asio::any_io_executor executor_;
  store::PageStore& pages_;
  retrieval::Retriever& retriever_;
  provider::Embedder& embedder_;
  PageObserver& observer_;
  std::atomic<bool> stopped_ = false;
  std::future<void> running_;
  provider::Wakeup wake_;
  // Guarded by wake_.
  std::map<PageKey, Time> changed_;          ///< pages, and when each was first changed
  std::map<std::string, std::string> owed_;  ///< worlds, and why they are still here
};

}  // namespace gibsey::ingest
