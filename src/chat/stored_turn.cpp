#include "chat/stored_turn.hpp"

#include <algorithm>

namespace gibsey::chat {
namespace {

class StoredTurn final : public RunningTurn {
 public:
  StoredTurn(std::string turn_id, std::vector<model::NumberedEvent> events)
      : turn_id_(std::move(turn_id)), events_(std::move(events)) {}

  [[nodiscard]] const std::string& turn_id() const override { return turn_id_; }

  [[nodiscard]] std::vector<model::NumberedEvent> events_after(std::int64_t seq, std::size_t most) const override {
    const auto first = std::ranges::upper_bound(events_, seq, {}, &model::NumberedEvent::seq);
    const auto count = std::min(most, static_cast<std::size_t>(events_.end() - first));
    return {first, first + static_cast<std::ptrdiff_t>(count)};
  }
  void when_after(std::int64_t, std::move_only_function<void()> then) override { then(); }

  [[nodiscard]] std::optional<std::int64_t> last_seq() const override { return events_.empty() ? 0 : events_.back().seq; }
  void stop() override {}

 private:
  const std::string turn_id_;
  const std::vector<model::NumberedEvent> events_;
};

model::TurnEvent last_event(const model::Turn& turn) {
  if (turn.status == model::TurnStatus::complete || turn.status == model::TurnStatus::stopped) {
    return model::TurnDone{
        .turn_id = turn.id,
        .finish_reason = turn.status == model::TurnStatus::stopped
                             ? model::FinishReason::stopped_by_reader
                             : model::parse_finish_reason(turn.finish_reason).value_or(model::FinishReason::stop),
        .provider = turn.provider,
        .model = turn.model,
        .fallback_used = turn.fallback_used,
        .first_token_ms = turn.first_token_ms,
        .total_ms = turn.total_ms};
  }
  const bool interrupted = turn.status == model::TurnStatus::interrupted;
  return model::TurnFailed{.code = interrupted               ? "interrupted"
                                   : turn.error_code.empty() ? "internal"
                                                             : turn.error_code,
                           .message = turn.error,
                           .retryable = turn.error_code != to_string(ErrorCode::too_large),
                           .released = !turn.receipt || turn.receipt->charged == 0};
}

}  // namespace

std::vector<model::TurnEvent> closing_events(const model::Turn& turn) {
  std::vector<model::TurnEvent> events;
  const bool whole = turn.status == model::TurnStatus::complete || turn.status == model::TurnStatus::stopped;
  if (whole) events.emplace_back(model::UsageCounted{turn.usage});
  if (turn.receipt) events.emplace_back(model::LedgerSettled{*turn.receipt});
  events.push_back(last_event(turn));
  return events;
}

std::vector<model::TurnEvent> events_of_record(const model::Turn& turn) {
  std::vector<model::TurnEvent> events;
  events.emplace_back(model::TurnStarted{turn.id, turn.conversation_id, turn.receipt ? turn.receipt->held : 0});
  events.emplace_back(model::SourcesFound{turn.sources, turn.retrieval});
  events.emplace_back(model::ContextComposed{turn.included, turn.cut});
  if (!turn.reply.empty()) events.emplace_back(model::TokenText{turn.reply});
  for (const auto& quote : turn.quotes) events.emplace_back(model::QuoteClosed{quote});
  std::ranges::move(closing_events(turn), std::back_inserter(events));
  return events;
}

std::shared_ptr<RunningTurn> make_stored_turn(const model::Turn& turn, std::vector<model::NumberedEvent> events) {
  if (events.empty()) {
    for (auto& event : events_of_record(turn)) events.push_back({static_cast<std::int64_t>(events.size()) + 1, std::move(event)});
  }
  return std::make_shared<StoredTurn>(turn.id, std::move(events));
}

}  // namespace gibsey::chat
