#pragma once
#include <chrono>
#include <cstddef>
#include <string>

namespace gibsey::app {

/// Shows how far a long job is, with its rate and the time left, on standard error: a line that is redrawn on a terminal, a line
/// every ten seconds otherwise. Copies share nothing; fits ingest::Progress. Silent for jobs under a second.
class ProgressBar {
 public:
  explicit ProgressBar(std::string name) : name_(std::move(name)) {}
  void operator()(const std::string& stage, std::size_t done, std::size_t total);

 private:
  using Clock = std::chrono::steady_clock;
  void draw(const std::string& stage, std::size_t done, std::size_t total, double seconds) const;

  std::string name_;
  std::string stage_;
  Clock::time_point started_;
  Clock::time_point drawn_;
};

}  // namespace gibsey::app
