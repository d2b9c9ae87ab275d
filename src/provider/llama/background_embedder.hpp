#pragma once
#include "provider/llama/compute_threads.hpp"
#include "provider/llama/text_embedder.hpp"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace gibsey::provider {

/// Embeds the texts of books on threads of their own, which give way to every other thread: a passage takes 25 ms of both
/// processors of a small machine, and readers do not wait for it. Thread-safe.
class BackgroundEmbedder {
 public:
  /// `context`: of an embedding model, with an abort callback that says whether `stopping`. `text_tokens`: longer texts are cut.
  BackgroundEmbedder(ContextHandle context, int most_threads, int text_tokens, const std::atomic<bool>& stopping);
  /// `stopping` must be set. Every waiting caller gets `cancelled`.
  ~BackgroundEmbedder();
  BackgroundEmbedder(const BackgroundEmbedder&) = delete;
  BackgroundEmbedder& operator=(const BackgroundEmbedder&) = delete;

  /// Errors: unavailable (shutting down).
  Result<void> add(std::shared_ptr<EmbeddingJob> job);
  [[nodiscard]] std::uint64_t texts_embedded() const { return texts_embedded_; }

 private:
  void run();
  [[nodiscard]] bool wait_for_work(TextEmbedder& embedder);

  const int most_threads_;
  const int text_tokens_;
  const std::atomic<bool>& stopping_;
  std::optional<ComputeThreads> threads_;  ///< must outlive the context; made by the thread, whose priority its threads have
  ContextHandle context_;
  std::atomic<std::uint64_t> texts_embedded_ = 0;
  std::mutex mutex_;  ///< guards the jobs
  std::condition_variable work_came_;
  std::vector<std::shared_ptr<EmbeddingJob>> new_jobs_;
  std::thread thread_;
};

}  // namespace gibsey::provider
