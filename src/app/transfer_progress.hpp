#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace gibsey::app {

/// Shows how far a file is that is fetched, copied or read, with rate and time left, on standard error: a line that is redrawn on
/// a terminal, a line each tenth otherwise. The rate is that of this run, whatever was there before. Silent for the first second.
class TransferProgress {
 public:
  /// `what`: "fetching smollm2".
  explicit TransferProgress(std::string what) : what_(std::move(what)) {}
  ~TransferProgress();
  TransferProgress(const TransferProgress&) = delete;
  TransferProgress& operator=(const TransferProgress&) = delete;

  /// Bytes; `total` 0: unknown.
  void show(std::uint64_t done, std::uint64_t total);
  /// Ends the line that is being redrawn, so that something else can be said.
  void break_line();

 private:
  using Clock = std::chrono::steady_clock;

  std::string what_;
  std::optional<Clock::time_point> started_;
  Clock::time_point drawn_;
  std::uint64_t first_ = 0;  ///< what was there before
  std::uint64_t tenth_ = 0;  ///< the last one that was told
  bool open_ = false;        ///< a line stands that is not ended
};

/// "fetching smollm2 [======>     ] 53%  561 MB of 1.1 GB  12.3 MB/s  40 s left". `rate`: bytes a second, 0 for unknown.
[[nodiscard]] std::string progress_line(const std::string& what, std::uint64_t done, std::uint64_t total, double rate);

}  // namespace gibsey::app
