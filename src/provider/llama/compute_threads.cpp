#include "provider/llama/compute_threads.hpp"

#include <time.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <memory>
#include <thread>

namespace gibsey::provider {
namespace {

/// Workers look for the next evaluation for a few milliseconds, which covers the sampling between two tokens, and sleep
/// then; llama.cpp's default of 50 keeps a processor spinning long after the last token.
constexpr std::uint32_t kPolling = 1;

int processors() {
  return static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

double seconds_of(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

/// Threads of this program that evaluate at low priority just now.
std::atomic<int> low_running = 0;

}  // namespace

ComputeThreads::ComputeThreads(int most, Priority priority) : priority_(priority), choice_(std::max(1, most), processors()) {
  resize();
}

/// Threads of the machine that run or want to, without the asking one and those that give way to it; 0 where the system does not
/// tell.
int ComputeThreads::others_running() const {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen("/proc/loadavg", "re"), std::fclose);
  int running = 1;
  if (!file || std::fscanf(file.get(), "%*s %*s %*s %d/", &running) != 1) return 0;
  const int give_way = priority_ == Priority::low ? 0 : low_running.load();
  return std::max(0, running - 1 - give_way);
}

void ComputeThreads::attach(llama_context* context) {
  contexts_.push_back(context);
  llama_set_n_threads(context, made_for_, made_for_);
  auto* pool = pools_.at(made_for_).get();
  llama_attach_threadpool(context, pool, pool);
}

void ComputeThreads::resize() {
  if (made_for_ == choice_.threads()) return;
  made_for_ = choice_.threads();
  auto& pool = pools_[made_for_];
  if (!pool) {
    auto params = ggml_threadpool_params_default(made_for_);
    params.poll = kPolling;
    pool.reset(ggml_threadpool_new(&params));
  }
  for (auto* context : contexts_) {
    llama_attach_threadpool(context, pool.get(), pool.get());
    llama_set_n_threads(context, made_for_, made_for_);
  }
}

/// Of the threads so far. Those of low priority stand beside others of this program, which must not be taken for them; the thread
/// that asks is one of them, and works or spins like the rest.
double ComputeThreads::processor_seconds() const {
  if (priority_ == Priority::low) return made_for_ * seconds_of(CLOCK_THREAD_CPUTIME_ID);
  return seconds_of(CLOCK_PROCESS_CPUTIME_ID);
}

void ComputeThreads::begin() {
  started_ = std::chrono::steady_clock::now();
  choice_.before(started_, others_running());
  resize();
  if (priority_ == Priority::low) low_running += made_for_;
  processor_seconds_ = processor_seconds();
}

void ComputeThreads::end() {
  if (priority_ == Priority::low) low_running -= made_for_;
  const auto now = std::chrono::steady_clock::now();
  const double seconds = std::chrono::duration<double>(now - started_).count();
  choice_.after(now, seconds, processor_seconds() - processor_seconds_);
}

}  // namespace gibsey::provider
