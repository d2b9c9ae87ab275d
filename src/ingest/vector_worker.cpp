#include "ingest/vector_worker.hpp"

#include "base/log.hpp"
#include "ingest/importer.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <utility>

namespace gibsey::ingest {
namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

constexpr auto kAskAgain = std::chrono::seconds(10);

}  // namespace

VectorWorker::VectorWorker(asio::any_io_executor executor, store::PageStore& pages, retrieval::PageIndex& retriever,
                           provider::Embedder& embedder)
    : executor_(std::move(executor)), pages_(pages), retriever_(retriever), embedder_(embedder) {}

void VectorWorker::start() {
  running_ = asio::co_spawn(executor_, run(), asio::use_future);
}

void VectorWorker::stop() {
  stopped_ = true;
  const std::lock_guard lock(wake_.mutex());
  wake_.notify();
}

void VectorWorker::wait() {
  if (running_.valid()) running_.get();
}

void VectorWorker::owe(const std::string& world) {
  const std::lock_guard lock(wake_.mutex());
  owed_.try_emplace(world);
}

std::map<std::string, std::string> VectorWorker::owed() {
  const std::lock_guard lock(wake_.mutex());
  return owed_;
}

asio::awaitable<void> VectorWorker::run() {
  while (!stopped_) {
    co_await embed_owed();
    co_await wake_.wait([this] { return stopped_.load(); }, Clock::now() + kAskAgain);
  }
}

asio::awaitable<void> VectorWorker::embed_owed() {
  for (const auto& [world, before] : owed()) {
    const auto embedded = co_await embed_world(world);
    if (stopped_) co_return;
    if (embedded) log::info("world {}: its passages are found by meaning too", world);
    if (!embedded && embedded.error().message != before)
      log::warn("world {}: searched by words alone: {}", world, embedded.error().message);
    const std::lock_guard lock(wake_.mutex());
    if (embedded) owed_.erase(world);
    if (!embedded) owed_[world] = embedded.error().message;
  }
}

asio::awaitable<Result<void>> VectorWorker::embed_world(std::string world) {
  GIBSEY_CO_CHECK(co_await embed_missing(world, pages_, embedder_, {}));
  co_return co_await retriever_.load(world);
}

}  // namespace gibsey::ingest
