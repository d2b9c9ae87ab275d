#pragma once
#include "chat/turn.hpp"

#include <chrono>

namespace gibsey::chat {

/// Tells the record and the metrics how long a phase of a turn took.
class Stopwatch {
 public:
  Stopwatch(AdmittedTurn& turn, TurnParts& parts, const char* phase) : turn_(turn), parts_(parts), phase_(phase) {}
  void stop() {
    const auto ms = std::chrono::duration<double, std::milli>(Deadline::Clock::now() - start_).count();
    parts_.observer.phase(phase_, ms / 1000);
    turn_.record.phases.push_back({phase_, ms});
  }

 private:
  AdmittedTurn& turn_;
  TurnParts& parts_;
  const char* phase_;
  Deadline::Clock::time_point start_ = Deadline::Clock::now();
};

}  // namespace gibsey::chat
