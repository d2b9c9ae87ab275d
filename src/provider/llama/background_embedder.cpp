#include "provider/llama/background_embedder.hpp"

#include <sys/resource.h>

#include <utility>

namespace gibsey::provider {
namespace {

/// Where all processors are wanted, a tenth of one (nice 10 weighs 110 against the 1024 of nice 0: sched(7), Linux's
/// sched_prio_to_weight). With nice 5 chats' first token came 1.7 times as late beside 20 edits a second, with 10 1.3 times. On
/// Linux the number is the thread's own, and the threads that it starts have it, too.
constexpr int kNice = 10;

}  // namespace

BackgroundEmbedder::BackgroundEmbedder(ContextHandle context, int most_threads, int text_tokens,
                                       const std::atomic<bool>& stopping)
    : most_threads_(most_threads), text_tokens_(text_tokens), stopping_(stopping), context_(std::move(context)), thread_([this] {
        run();
      }) {}

BackgroundEmbedder::~BackgroundEmbedder() {
  {
    // Whoever looked whether to stop before that was set waits by now.
    const std::lock_guard lock(mutex_);
  }
  work_came_.notify_one();
  thread_.join();
}

Result<void> BackgroundEmbedder::add(std::shared_ptr<EmbeddingJob> job) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return gibsey::fail(ErrorCode::unavailable, "the engine is shutting down");
    new_jobs_.push_back(std::move(job));
  }
  work_came_.notify_one();
  return {};
}

void BackgroundEmbedder::run() {
  // Where it is refused the threads are like all others.
  static_cast<void>(setpriority(PRIO_PROCESS, 0, kNice));
  threads_.emplace(most_threads_, ComputeThreads::Priority::low);
  threads_->attach(context_.get());
  TextEmbedder embedder(context_.get(), *threads_, text_tokens_);
  while (wait_for_work(embedder)) {
    embedder.slice();
    texts_embedded_ = embedder.texts_embedded();
  }
  const Error error{ErrorCode::cancelled, "the engine is shutting down"};
  embedder.fail_all(error);
  const std::lock_guard lock(mutex_);
  for (auto& job : new_jobs_) job->fail(error);
  new_jobs_.clear();
}

bool BackgroundEmbedder::wait_for_work(TextEmbedder& embedder) {
  std::unique_lock lock(mutex_);
  if (embedder.idle()) work_came_.wait(lock, [this] { return stopping_ || !new_jobs_.empty(); });
  for (auto& job : new_jobs_) embedder.add(std::move(job));
  new_jobs_.clear();
  return !stopping_;
}

}  // namespace gibsey::provider
