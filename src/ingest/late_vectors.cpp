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
    for (const auto& [page, wait] : *pages) {
      if (!is_stopped()) co_await look_at(page, wait);
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
std::optional<std::vector<std::pair<LateVectors::PageName, LateVectors::Wait>>> LateVectors::next_pages() {
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
  return pages;
}

asio::awaitable<void> LateVectors::look_at(PageName page, Wait wait) {
  const auto taken = co_await take_in(page, wait);
  if (!taken) log::warn("page {} of {}: its vectors were not looked up: {}", page.second, page.first, taken.error().message);
  const bool done = taken && *taken;
  const std::lock_guard lock(wake_.mutex());
  const auto at = waits_.find(page);
  // It may have changed again meanwhile.
  if (at == waits_.end() || at->second.since != wait.since) co_return;
  if (done)
    waits_.erase(at);
  else
    at->second.next_look =
        Clock::now() + std::min<Clock::duration>(settings_.longest_wait,
                                                 std::max<Clock::duration>(settings_.first_look, Clock::now() - wait.since));
}

/// Whether there is nothing more to wait for: all vectors are there, or the page is not.
asio::awaitable<Result<bool>> LateVectors::take_in(const PageName& page, Wait wait) {
  GIBSEY_CO_TRY(const auto found, co_await pages_.find_content(page.first, page.second, model_));
  if (!found || found->content.passages.empty()) co_return true;
  if (found->vectors.size() < found->content.passages.size()) co_return false;
  GIBSEY_CO_CHECK(co_await index_.follow(page.first, page.second));
  observer_.page_embedded(0, std::chrono::duration<double>(Clock::now() - wait.since).count());
  co_return true;
}

}  // namespace gibsey::ingest
