#include "ingest/page_follower.hpp"

#include "base/log.hpp"

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <algorithm>
#include <utility>

namespace gibsey::ingest {
namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

constexpr int kAtOnce = 100;
/// Until the store is looked at without being told: other programs write to it, too.
constexpr auto kLookAgain = std::chrono::seconds(2);
constexpr auto kAfterFailure = std::chrono::milliseconds(500);
/// A page that cannot be read may not keep all that come behind it from being found.
constexpr int kTries = 5;

}  // namespace

PageFollower::PageFollower(asio::any_io_executor executor, store::PageStore& pages, retrieval::PageIndex& retriever,
                           PageObserver& observer)
    : executor_(std::move(executor)), pages_(pages), retriever_(retriever), observer_(observer) {}

void PageFollower::start(std::int64_t loaded) {
  reached_ = loaded;
  loaded_ = loaded;
  running_ = asio::co_spawn(executor_, run(), asio::use_future);
}

void PageFollower::stop() {
  stopped_ = true;
  {
    const std::lock_guard lock(wake_.mutex());
    wake_.notify();
  }
  const std::lock_guard lock(mutex_);
  for (const auto& waiting : waiting_) {
    const std::lock_guard waiting_lock(waiting->mutex());
    waiting->notify();
  }
}

void PageFollower::wait() {
  if (running_.valid()) running_.get();
}

void PageFollower::loaded(std::int64_t change) {
  loaded_ = change;
}

void PageFollower::written(std::int64_t seq) {
  {
    const std::lock_guard lock(mutex_);
    if (seq > reached_) writes_.push_back({seq, Clock::now()});
  }
  const std::lock_guard lock(wake_.mutex());
  looking_ = true;
  wake_.notify();
}

asio::awaitable<void> PageFollower::run() {
  while (!stopped_) {
    {
      const std::lock_guard lock(wake_.mutex());
      looking_ = false;
    }
    const auto changes = co_await pages_.changes_after(reached_, kAtOnce);
    if (!changes) {
      log::error("changed pages were not read: {}", changes.error().message);
      co_await rest(kAfterFailure);
      continue;
    }
    for (auto first = changes->begin(); first != changes->end();) {
      const auto last = std::find_if(first, changes->end(), [&](const auto& change) { return change.world != first->world; });
      if (stopped_ || !co_await follow_all({first, last})) co_return;
      for (; first != last; ++first) reach(*first);
    }
    if (changes->empty()) co_await rest(kLookAgain);
  }
}

/// Ends early when a page is written; false: it was told to stop.
asio::awaitable<bool> PageFollower::rest(std::chrono::milliseconds time) {
  co_await wake_.wait([this] { return looking_ || stopped_; }, Clock::now() + time);
  co_return !stopped_;
}

/// Changes of one world, a page once; false: it was told to stop.
asio::awaitable<bool> PageFollower::follow_all(std::vector<store::PageChange> changes) {
  std::erase_if(changes, [this](const store::PageChange& change) { return change.seq <= loaded_; });
  if (changes.empty()) co_return true;
  std::vector<std::string> ids;
  for (const auto& change : changes) ids.push_back(change.page_id);
  if (co_await retriever_.follow(changes.front().world, std::move(ids))) co_return true;
  // Which of them it is is learned page by page.
  for (const auto& change : changes) {
    if (stopped_ || !co_await follow(change)) co_return false;
  }
  co_return true;
}

asio::awaitable<bool> PageFollower::follow(const store::PageChange& change) {
  for (int tries = 1;; ++tries) {
    const auto followed = co_await retriever_.follow(change.world, {change.page_id});
    if (followed) break;
    log::error("page {} of {} is not searchable as it is: {}", change.page_id, change.world, followed.error().message);
    if (tries == kTries) co_return true;
    // A write that comes in between must not make this a busy loop.
    co_await wake_.wait([this] { return stopped_.load(); }, Clock::now() + kAfterFailure);
    if (stopped_) co_return false;
  }
  co_return true;
}

void PageFollower::reach(const store::PageChange& change) {
  observer_.page_changed(change);
  reached_ = change.seq;
  const std::lock_guard lock(mutex_);
  while (!writes_.empty() && writes_.front().seq <= change.seq) {
    observer_.page_searchable(std::chrono::duration<double>(Clock::now() - writes_.front().at).count());
    writes_.pop_front();
  }
  for (const auto& waiting : waiting_) {
    const std::lock_guard waiting_lock(waiting->mutex());
    waiting->notify();
  }
}

/// False when the deadline has passed first.
asio::awaitable<bool> PageFollower::wait_until(std::function<bool()> ready, Deadline deadline) {
  const auto wakeup = std::make_shared<provider::Wakeup>();
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(wakeup);
  }
  co_await wakeup->wait([&ready, this] { return ready() || stopped_; }, deadline.at());
  const std::lock_guard lock(mutex_);
  std::erase(waiting_, wakeup);
  co_return ready();
}

asio::awaitable<Result<void>> PageFollower::wait_for(std::int64_t seq, Deadline deadline) {
  if (co_await wait_until([this, seq] { return reached_ >= seq; }, deadline)) co_return Result<void>();
  if (stopped_) co_return fail(ErrorCode::unavailable, "the server is stopping");
  co_return fail(ErrorCode::deadline, "what was written is not searchable yet; ask again in a moment");
}

asio::awaitable<Result<void>> PageFollower::wait_for_version(std::string world, std::string id, std::int64_t version,
                                                             Deadline deadline) {
  for (;;) {
    const std::int64_t before = reached_;
    GIBSEY_CO_TRY(const auto stored, co_await pages_.last_version(world, id));
    if (stored >= version) {
      GIBSEY_CO_TRY(const auto last, co_await pages_.last_change());
      co_return co_await wait_for(last, deadline);
    }
    // It is still to be written: by another program, or by a writer who has promised it.
    if (co_await wait_until([this, before] { return reached_ > before; }, deadline)) continue;
    if (stopped_) co_return fail(ErrorCode::unavailable, "the server is stopping");
    co_return fail(ErrorCode::deadline,
                   stored == 0 ? fmt::format("there is no page {} in {} so far", id, world)
                               : fmt::format("page {} of {} has version {} so far, not {}", id, world, stored, version));
  }
}

}  // namespace gibsey::ingest
