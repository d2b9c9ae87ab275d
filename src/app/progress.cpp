#include "app/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace gibsey::app {
namespace {

constexpr int kBarWidth = 24;
constexpr auto kRedraw = std::chrono::milliseconds(100);
/// Where there is no terminal.
constexpr auto kNextLine = std::chrono::seconds(10);

bool on_terminal() {
  static const bool kTerminal = isatty(STDERR_FILENO) == 1;
  return kTerminal;
}

}  // namespace

void ProgressBar::operator()(const std::string& stage, std::size_t done, std::size_t total) {
  const auto now = Clock::now();
  if (stage != stage_) {
    stage_ = stage;
    started_ = now;
    drawn_ = {};
  }
  const auto seconds = std::chrono::duration<double>(now - started_).count();
  const bool finished = done >= total;
  if (seconds < 1.0 || total == 0) return;
  if (!finished && now - drawn_ < (on_terminal() ? Clock::duration(kRedraw) : kNextLine)) return;
  drawn_ = now;
  draw(stage, done, total, seconds);
}

void ProgressBar::draw(const std::string& stage, std::size_t done, std::size_t total, double seconds) const {
  const auto share = static_cast<double>(done) / static_cast<double>(total);
  const auto rate = static_cast<double>(done) / seconds;
  const auto left = rate > 0 ? static_cast<double>(total - done) / rate : 0;
  if (!on_terminal()) {
    if (done < total) {
      fmt::print(stderr, "{}: {} of {} {}, {:.0f}/s, {:.0f} s left\n", name_, done, total, stage, rate, left);
    } else {
      fmt::print(stderr, "{}: {} {} in {:.1f} s ({:.0f}/s)\n", name_, total, stage, seconds, rate);
    }
    return;
  }
  const auto filled = static_cast<std::size_t>(share * kBarWidth);
  fmt::print(stderr, "\r\x1b[K{} {:8} [{}{}] {}/{}  {:.0f}/s  {:.0f} s left{}", name_, stage, std::string(filled, '='),
             std::string(kBarWidth - filled, ' '), done, total, rate, left, done >= total ? "\n" : "");
  std::fflush(stderr);
}

}  // namespace gibsey::app
