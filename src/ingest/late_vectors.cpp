#include "ingest/late_vectors.hpp"

#include "base/log.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <algorithm>
#include <functional>

namespace gibsey::ingest {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kPagesAtOnce = 64;

}  // namespace

LateVectors::LateVectors(asio::any_io_executor executor, store::PageStore& pages, retrieval::PageIndex& index, std::string model,
                         PageObserver& observer, LateVectorSettings settings)
    : executor_(std::move(executor)),
      pages_(pages),
      index_(index),
      model_(std::move(model)),
      observer_(observer),
      settings_(settings) {}

void LateVectors::start() {
  running_ = asio::co_spawn(executor_, run(), asio::use_future);
}

void LateVectors::stop() {
  const std::lock_guard lock(wake_.mutex());
  stopped_ = true;
  wake_.notify();
}

void LateVectors::wait() {
  if (running_.valid()) running_.get();
}

void LateVectors::expect(const std::string& world, const std::string& page_id) {
  if (!index_.holds(world, page_id)) return;
  const std::lock_guard lock(wake_.mutex());
  PageName name(world, page_id);
  if (waits_.size() >= settings_.most_pages && !waits_.contains(name)) return;
  const auto now = Clock::now();
  waits_[std::move(name)] = {now, now + settings_.first_look};
  wake_.notify();
}

std::size_t LateVectors::waiting() {
  const std::lock_guard lock(wake_.mutex());
  return waits_.size();
}

asio::awaitable<void> LateVectors::run() {
  while (auto pages = next_pages()) {
    for (auto& [world, waits] : *pages) {
      if (!is_stopped()) co_await look_at(world, std::move(waits));
    }
    if (!pages->empty()) continue;
    const auto next = first_look();
    co_await wake_.wait([this, next] { return stopped_ || next_look() < next; }, next);
  }
}

bool LateVectors::is_stopped() {
  const std::lock_guard lock(wake_.mutex());
  return stopped_;
}

LateVectors::Clock::time_point LateVectors::first_look() {
  const std::lock_guard lock(wake_.mutex());
  return next_look();
}

LateVectors::Clock::time_point LateVectors::next_look() const {
  auto next = Clock::time_point::max();
  for (const auto& [page, wait] : waits_) next = std::min(next, wait.next_look);
  return next;
}

/// Some of those that are due, the newest first, so that one which has just changed does not wait for a thousand that nobody
/// embeds. nullopt: it is stopped.
std::optional<std::map<std::string, LateVectors::Waits>> LateVectors::next_pages() {
  const std::lock_guard lock(wake_.mutex());
  if (stopped_) return std::nullopt;
  std::vector<std::pair<PageName, Wait>> pages;
  const auto now = Clock::now();
  for (const auto& entry : waits_) {
    if (entry.second.next_look <= now) pages.push_back(entry);
  }
  const auto most = pages.begin() + static_cast<std::ptrdiff_t>(std::min(pages.size(), kPagesAtOnce));
  std::ranges::partial_sort(pages, most, std::greater{}, [](const auto& entry) { return entry.second.since; });
  pages.erase(most, pages.end());
  std::map<std::string, Waits> by_world;
  for (const auto& [page, wait] : pages) by_world[page.first].emplace(page.second, wait);
  return by_world;
}

asio::awaitable<void> LateVectors::look_at(std::string world, Waits waits) {
  const auto done = co_await take_in(world, waits);
  if (!done) log::warn("world {}: vectors of {} pages were not looked up: {}", world, waits.size(), done.error().message);
  const std::lock_guard lock(wake_.mutex());
  for (const auto& [id, wait] : waits) {
    const auto at = waits_.find({world, id});
    // It may have changed again meanwhile.
    if (at == waits_.end() || at->second.since != wait.since) continue;
    if (done && done->contains(id))
      waits_.erase(at);
    else
      at->second.next_look =
          Clock::now() + std::min<Clock::duration>(settings_.longest_wait,
                                                   std::max<Clock::duration>(settings_.first_look, Clock::now() - wait.since));
  }
}

/// The pages for which there is nothing more to wait: all vectors are there, or the page is not.
asio::awaitable<Result<std::set<std::string>>> LateVectors::take_in(std::string world, const Waits& waits) {
  std::vector<std::string> ids;
  for (const auto& [id, wait] : waits) ids.push_back(id);
  std::set<std::string> done(ids.begin(), ids.end());
  GIBSEY_CO_TRY(const auto pages, co_await pages_.find_contents(world, std::move(ids), model_));
  std::vector<std::string> whole;
  for (const auto& [content, vectors] : pages) {
    if (content.passages.empty()) continue;
    if (vectors.size() < content.passages.size())
      done.erase(content.page.id);
    else
      whole.push_back(content.page.id);
  }
  if (whole.empty()) co_return done;
  GIBSEY_CO_CHECK(co_await index_.follow(world, whole));
  for (const auto& id : whole)
    observer_.page_embedded(0, std::chrono::duration<double>(Clock::now() - waits.at(id).since).count());
  co_return done;
}

}  // namespace gibsey::ingest
