#pragma once
#include "base/result.hpp"
#include "chat/turn.hpp"
#include "provider/chat_model.hpp"

#include <chrono>

namespace gibsey::chat {

/// One generation in the turn's record: how long it took, and with AdmittedTurn::debug what the model was sent and what came of
/// it. Calls of a turn are made one after the other.
class CallTrace {
 public:
  CallTrace(AdmittedTurn& turn, const provider::ChatRequest& request);
  void counted(const provider::Generated& generated);
  void ended(const Result<model::FinishReason>& outcome);

 private:
  AdmittedTurn& turn_;
  Deadline::Clock::time_point start_ = Deadline::Clock::now();
};

}  // namespace gibsey::chat
