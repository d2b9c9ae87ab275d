#include "model/turn.hpp"

namespace gibsey::model {

const char* to_string(QuoteOrigin origin) {
  switch (origin) {
    case QuoteOrigin::model: return "model";
    case QuoteOrigin::lock: return "lock";
    case QuoteOrigin::opening: return "opening";
    case QuoteOrigin::epigraph: return "epigraph";
  }
  return "model";
}

const char* to_string(FinishReason reason) {
  switch (reason) {
    case FinishReason::stop: return "stop";
    case FinishReason::length: return "length";
    case FinishReason::stopped_by_reader: return "stopped_by_reader";
    case FinishReason::error: return "error";
  }
  return "error";
}

const char* to_string(TurnStatus status) {
  switch (status) {
    case TurnStatus::running: return "running";
    case TurnStatus::complete: return "complete";
    case TurnStatus::stopped: return "stopped";
    case TurnStatus::failed: return "failed";
    case TurnStatus::interrupted: return "interrupted";
  }
  return "failed";
}

std::optional<QuoteOrigin> parse_quote_origin(const std::string& name) {
  for (const auto origin : {QuoteOrigin::model, QuoteOrigin::lock, QuoteOrigin::opening, QuoteOrigin::epigraph}) {
    if (name == to_string(origin)) return origin;
  }
  return std::nullopt;
}

std::optional<FinishReason> parse_finish_reason(const std::string& name) {
  for (const auto reason : {FinishReason::stop, FinishReason::length, FinishReason::stopped_by_reader, FinishReason::error}) {
    if (name == to_string(reason)) return reason;
  }
  return std::nullopt;
}

std::optional<TurnStatus> parse_turn_status(const std::string& name) {
  for (const auto status :
       {TurnStatus::running, TurnStatus::complete, TurnStatus::stopped, TurnStatus::failed, TurnStatus::interrupted}) {
    if (name == to_string(status)) return status;
  }
  return std::nullopt;
}

}  // namespace gibsey::model
