#pragma once
#include "base/result.hpp"
#include "provider/embedder.hpp"
#include "provider/wakeup.hpp"
#include "retrieval/page_index.hpp"
#include "store/page_store.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <atomic>
#include <future>
#include <map>
#include <string>

namespace gibsey::ingest {

/// Embeds whole worlds behind the readers' backs: those that the embedder could not embed at the start (it may be elsewhere, and
/// away for hours), tried every ten seconds. Pages that change are PageWorker's. One coroutine; safe to call from any thread.
class VectorWorker {
 public:
  /// All must outlive the worker.
  VectorWorker(boost::asio::any_io_executor executor, store::PageStore& pages, retrieval::PageIndex& retriever,
               provider::Embedder& embedder);

  void start();
  /// Asks the coroutine to end after what it does.
  void stop();
  /// Blocks until it has ended; not to be called from an executor's thread.
  void wait();

  /// Passages of this world may lack vectors.
  void owe(const std::string& world);
  /// Worlds whose vectors are still to come, and what has kept them ("": nothing so far).
  [[nodiscard]] std::map<std::string, std::string> owed();

 private:
  boost::asio::awaitable<void> run();
  boost::asio::awaitable<void> embed_owed();
  boost::asio::awaitable<Result<void>> embed_world(std::string world);

  boost::asio::any_io_executor executor_;
  store::PageStore& pages_;
  retrieval::PageIndex& retriever_;
  provider::Embedder& embedder_;
  std::atomic<bool> stopped_ = false;
  std::future<void> running_;
  provider::Wakeup wake_;
  std::map<std::string, std::string> owed_;  ///< worlds, and why they are still here; guarded by wake_
};

}  // namespace gibsey::ingest
