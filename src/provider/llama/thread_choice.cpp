#include "provider/llama/thread_choice.hpp"

#include <algorithm>

namespace gibsey::provider {
namespace {

using std::chrono::milliseconds;

constexpr double kEnough = 0.8;
constexpr double kNewest = 0.5;
constexpr double kShortestMeasure = 0.0005;
constexpr milliseconds kFirstHold{250};
/// After so long a pause what was measured is old.
constexpr milliseconds kPause{1000};
/// A second try that fails may cost as much as a second, so tries become rare where the machine stays busy.
constexpr milliseconds kLongestHold{4000};

}  // namespace

void ThreadChoice::before(TimePoint now, int others) {
  const int free = std::clamp(processors_ - others, 1, most_);
  const bool fresh = evaluated_ == TimePoint{} || now > evaluated_ + kPause;
  if (free == threads_ || (!fresh && (free < threads_ || now < changed_ + hold_))) return;
  threads_ = free;
  share_ = 1;
  changed_ = now;
}

void ThreadChoice::after(TimePoint now, double seconds, double processor_seconds) {
  evaluated_ = now;
  if (threads_ == 1 || seconds < kShortestMeasure) return;
  share_ += kNewest * (processor_seconds / (seconds * threads_) - share_);
  if (share_ >= kEnough) {
    if (now > changed_ + kLongestHold) hold_ = kFirstHold;
    return;
  }
  // A choice that did not last: wait longer before the next one.
  if (changed_ != TimePoint{}) hold_ = std::min(kLongestHold, hold_ * 2);
  threads_ = std::clamp(static_cast<int>(threads_ * share_), 1, threads_ - 1);
  share_ = 1;
  changed_ = now;
}

}  // namespace gibsey::provider
