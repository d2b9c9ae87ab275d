#pragma once
#include <chrono>

namespace gibsey::provider {

/// How many threads to evaluate with. They wait for each other, spinning, several hundred times in one evaluation: where
/// another program takes a processor, two threads can be fifty times slower than one (measured on two cores under a
/// compiler). So a thread is given up as soon as the threads do not get the processor time that they ask for, and taken
/// again when processors are free; after a pause the load alone decides. Pure: the clock and the load are told.
class ThreadChoice {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  ThreadChoice(int most, int processors) : most_(most), processors_(processors), threads_(most) {}

  [[nodiscard]] int threads() const { return threads_; }
  /// Before an evaluation. `others`: threads of the whole machine that are running or want to, without this one.
  void before(TimePoint now, int others);
  /// After an evaluation with threads() that took so long and so much processor time of this program.
  void after(TimePoint now, double seconds, double processor_seconds);

 private:
  int most_;
  int processors_;
  int threads_;
  double share_ = 1;  ///< of the processor time asked for, a moving mean
  TimePoint changed_{};
  TimePoint evaluated_{};
  std::chrono::milliseconds hold_{250};
};

}  // namespace gibsey::provider
