#include "provider/token_estimate.hpp"

#include <algorithm>
#include <cmath>

namespace gibsey::provider {
namespace {

constexpr std::size_t kLeastBytes = 200;
constexpr double kLeast = 1;
/// Prose has 4 to 5; a server that says more counts otherwise, and to believe it would overfill a prompt.
constexpr double kMost = 6;
/// The mean goes over about so many of the last answers.
constexpr int kWindow = 16;

}  // namespace

int TokenEstimate::count(const std::string& text) const {
  return static_cast<int>(std::ceil(static_cast<double>(text.size()) / bytes_per_token()));
}

void TokenEstimate::learn(std::size_t bytes, int tokens) {
  if (bytes < kLeastBytes || tokens <= 0) return;
  const double seen = static_cast<double>(bytes) / tokens;
  if (seen < kLeast || seen > kMost) return;
  const std::lock_guard lock(mutex_);
  learned_ = std::min(learned_ + 1, kWindow);
  bytes_per_token_ += (seen - bytes_per_token_) / learned_;
}

double TokenEstimate::bytes_per_token() const {
  const std::lock_guard lock(mutex_);
  return bytes_per_token_;
}

}  // namespace gibsey::provider
