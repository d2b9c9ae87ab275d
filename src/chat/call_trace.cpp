#include "chat/call_trace.hpp"

#include <utility>

namespace gibsey::chat {
namespace {

/// The request's user and deadline are the turn's own; addresses and keys are the provider's, which no request knows.
model::ModelCall call_of(const provider::ChatModel& model, const provider::ChatRequest& request) {
  model::ModelCall call{.provider = model.provider(),
                        .model = model.model(),
                        .opening = request.opening,
                        .stop = request.stop,
                        .max_tokens = request.max_tokens,
                        .temperature = request.sampling.temperature,
                        .top_p = request.sampling.top_p,
                        .min_p = request.sampling.min_p,
                        .repeat_penalty = request.sampling.repeat_penalty};
  for (const auto& message : request.messages) call.messages.push_back({to_string(message.role), message.text});
  return call;
}

}  // namespace

CallTrace::CallTrace(AdmittedTurn& turn, const provider::ChatRequest& request) : turn_(turn) {
  if (turn.debug) turn.record.calls.push_back(call_of(*turn.model, request));
}

void CallTrace::counted(const provider::Generated& generated) {
  if (!turn_.debug) return;
  turn_.record.calls.back().usage = generated.usage;
  turn_.record.calls.back().usage_estimated = generated.usage_estimated;
}

void CallTrace::ended(const Result<model::FinishReason>& outcome) {
  const auto ms = std::chrono::duration<double, std::milli>(Deadline::Clock::now() - start_).count();
  turn_.record.phases.push_back({"generate", ms});
  if (!turn_.debug) return;
  auto& call = turn_.record.calls.back();
  call.ms = ms;
  call.outcome = outcome ? model::to_string(*outcome) : to_string(outcome.error().code);
}

}  // namespace gibsey::chat
