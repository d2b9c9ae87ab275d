#include "ingest/vector_worker.hpp"

#include "base/log.hpp"
#include "ingest/importer.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <algorithm>
#include <vector>

namespace gibsey::ingest {
namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

constexpr auto kAskAgain = std::chrono::seconds(10);
constexpr std::size_t kAtOnce = 32;

/// The passages of a page that have no vector, and room for theirs.
std::vector<model::PassageVector> missing_vectors(const store::IndexedPage& page) {
  std::vector<model::PassageVector> missing;
  for (const auto& passage : page.content.passages) {
    if (std::ranges::find(page.vectors, passage.number, &model::PassageVector::passage) == page.vectors.end())
      missing.push_back({page.content.page.id, passage.number, {}, page.content.page.version});
  }
  return missing;
}

std::vector<std::string> texts_of(const model::PageContent& content, const std::vector<model::PassageVector>& vectors) {
  std::vector<std::string> texts;
  for (const auto& vector : vectors)
    texts.push_back(std::ranges::find(content.passages, vector.passage, &model::Passage::number)->text);
  return texts;
}

}  // namespace

VectorWorker::VectorWorker(asio::any_io_executor executor, store::PageStore& pages, retrieval::Retriever& retriever,
                           provider::Embedder& embedder, PageObserver& observer)
    : executor_(std::move(executor)), pages_(pages), retriever_(retriever), embedder_(embedder), observer_(observer) {}

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

void VectorWorker::page_changed(const std::string& world, const std::string& id) {
  const std::lock_guard lock(wake_.mutex());
  changed_.try_emplace({world, id}, Clock::now());
  wake_.notify();
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
  auto ask_again = Clock::now();
  while (!stopped_) {
    co_await embed_changed();
    if (Clock::now() >= ask_again) {
      co_await embed_owed();
      ask_again = Clock::now() + kAskAgain;
    }
    co_await wake_.wait([this] { return !changed_.empty() || stopped_; }, ask_again);
  }
}

asio::awaitable<void> VectorWorker::embed_changed() {
  while (!stopped_) {
    PageKey page;
    Time since;
    {
      const std::lock_guard lock(wake_.mutex());
      if (changed_.empty()) co_return;
      // The one that has waited longest.
      const auto first = std::ranges::min_element(changed_, {}, [](const auto& entry) { return entry.second; });
      std::tie(page, since) = *first;
      changed_.erase(first);
    }
    const auto embedded = co_await embed_page(page.first, page.second);
    if (embedded) {
      observer_.page_embedded(*embedded, std::chrono::duration<double>(Clock::now() - since).count());
      continue;
    }
    log::warn("page {} of {} is found by words alone: {}", page.second, page.first, embedded.error().message);
    const std::lock_guard lock(wake_.mutex());
    owed_[page.first] = embedded.error().message;
    // The others would fare no better, and each may take its time to fail.
    for (const auto& [waiting, changed] : changed_) owed_.try_emplace(waiting.first, embedded.error().message);
    changed_.clear();
    co_return;
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

asio::awaitable<Result<std::size_t>> VectorWorker::embed_page(std::string world, std::string id) {
  GIBSEY_CO_TRY(const auto page, co_await pages_.find_content(world, id, embedder_.model()));
  if (!page) co_return std::size_t{0};
  auto vectors = missing_vectors(*page);
  if (vectors.empty()) co_return std::size_t{0};
  const auto texts = texts_of(page->content, vectors);
  for (std::size_t first = 0; first < texts.size(); first += kAtOnce) {
    const auto end = std::min(first + kAtOnce, texts.size());
    std::vector<std::string> batch(texts.begin() + static_cast<std::ptrdiff_t>(first),
                                   texts.begin() + static_cast<std::ptrdiff_t>(end));
    GIBSEY_CO_TRY(auto embedded, co_await embedder_.embed(std::move(batch)));
    for (std::size_t i = first; i < end; ++i) vectors[i].values = std::move(embedded.at(i - first));
  }
  const auto made = vectors.size();
  GIBSEY_CO_CHECK(co_await pages_.put_vectors(world, embedder_.model(), std::move(vectors)));
  GIBSEY_CO_CHECK(co_await retriever_.follow(world, id));
  co_return made;
}

asio::awaitable<Result<void>> VectorWorker::embed_world(std::string world) {
  GIBSEY_CO_CHECK(co_await embed_missing(world, pages_, embedder_, {}));
  co_return co_await retriever_.load(world);
}

}  // namespace gibsey::ingest
