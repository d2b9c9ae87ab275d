#include "app/transfer_progress.hpp"

#include "base/byte_size.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace gibsey::app {
namespace {

constexpr std::size_t kBarWidth = 24;
constexpr auto kRedraw = std::chrono::milliseconds(100);
constexpr auto kSilence = std::chrono::seconds(1);

bool on_terminal() {
  static const bool kTerminal = isatty(STDERR_FILENO) == 1;
  return kTerminal;
}

std::string shown_time(double seconds) {
  const auto whole = static_cast<std::int64_t>(seconds + 0.5);
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{}:{:02} min", whole / 60, whole % 60);
  return fmt::format("{}:{:02} h", whole / 3600, whole / 60 % 60);
}

}  // namespace

std::string progress_line(const std::string& what, std::uint64_t done, std::uint64_t total, double rate) {
  auto line = what;
  if (total > 0) {
    const auto share = std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
    const auto filled = static_cast<std::size_t>(share * kBarWidth);
    line += fmt::format(" [{}{}] {:.0f}%  {} of {}", std::string(filled, '='), std::string(kBarWidth - filled, ' '), share * 100,
                        shown_bytes(done), shown_bytes(total));
  } else {
    line += fmt::format(" {}", shown_bytes(done));
  }
  if (rate > 0) line += fmt::format("  {}/s", shown_bytes(static_cast<std::uint64_t>(rate)));
  if (rate > 0 && total > done) line += fmt::format("  {} left", shown_time(static_cast<double>(total - done) / rate));
  return line;
}

TransferProgress::~TransferProgress() {
  break_line();
}

void TransferProgress::show(std::uint64_t done, std::uint64_t total) {
  const auto now = Clock::now();
  if (!started_ || done < first_) {
    started_ = now;
    first_ = done;
  }
  if (now - *started_ < kSilence) return;
  const auto rate = static_cast<double>(done - first_) / std::chrono::duration<double>(now - *started_).count();
  if (on_terminal()) {
    if (now - drawn_ < kRedraw && done != total) return;
    drawn_ = now;
    open_ = true;
    fmt::print(stderr, "\r\x1b[K{}", progress_line(what_, done, total, rate));
    std::fflush(stderr);
  } else if (const auto tenth = total > 0 ? done * 10 / total : done / 100'000'000; tenth != tenth_) {
    tenth_ = tenth;
    fmt::print(stderr, "{}\n", progress_line(what_, done, total, rate));
  }
}

void TransferProgress::break_line() {
  if (open_) fmt::print(stderr, "\n");
  open_ = false;
}

}  // namespace gibsey::app
