#include "store/sqlite/job_queue.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <iterator>
#include <optional>

namespace gibsey::store::sqlite {

namespace asio = boost::asio;

/// Starts the wait: puts the job into the queue together with the way back. The tracked executor keeps the caller's
/// io_context running while nothing but this wait is left in it.
struct Enqueue {
  JobQueue* queue;
  Job* job;

  template <typename Handler>
  void operator()(Handler handler) const {
    auto work =
        asio::prefer(asio::any_io_executor(asio::get_associated_executor(handler)), asio::execution::outstanding_work.tracked);
    queue->push({job, [handler = std::move(handler), work = std::move(work)]() mutable {
                   const auto until_posted = std::move(work);
                   asio::post(std::move(handler));
                 }});
  }
};

asio::awaitable<void> JobQueue::run(Job& job) {
  co_await asio::async_initiate<const asio::use_awaitable_t<>&, void()>(Enqueue{this, &job}, asio::use_awaitable);
}

void JobQueue::push(WaitingJob waiting) {
  std::optional<Error> refusal;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) {
      refusal = Error{ErrorCode::unavailable, name_ + " is closed because the server is stopping"};
    } else if (waiting_.size() >= bound_) {
      refusal = Error{ErrorCode::busy, "too many requests wait for " + name_ + "; try again in a moment"};
    } else {
      waiting_.push_back(std::move(waiting));
      // Under the lock: once it is off, the caller may be answered and destroy this queue.
      if (waiting_.size() >= enough_) changed_.notify_one();
      return;
    }
  }
  waiting.job->refuse(*std::move(refusal));
  waiting.resume();
}

std::vector<WaitingJob> JobQueue::take(std::size_t most, std::size_t likely, std::chrono::nanoseconds patience) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return closed_ || !waiting_.empty(); });
  if (waiting_.size() < likely && !closed_) {
    enough_ = likely;
    changed_.wait_for(lock, patience, [&] { return closed_ || waiting_.size() >= likely; });
    enough_ = 1;
  }
  const auto count = static_cast<std::ptrdiff_t>(std::min(most, waiting_.size()));
  std::vector<WaitingJob> taken(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(waiting_.begin() + count));
  waiting_.erase(waiting_.begin(), waiting_.begin() + count);
  return taken;
}

void JobQueue::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  changed_.notify_all();
}

}  // namespace gibsey::store::sqlite
