#include "chat/turn.hpp"

#include "base/log.hpp"
#include "chat/answer.hpp"
#include "chat/history_window.hpp"
#include "chat/recall.hpp"
#include "chat/turn_closing.hpp"

#include <fmt/format.h>

#include <exception>
#include <string>
#include <utility>

namespace gibsey::chat {

namespace asio = boost::asio;

namespace {

asio::awaitable<Result<void>> answer_or_explain(AdmittedTurn& turn, TurnParts& parts) {
  try {
    co_return co_await answer(turn, parts);
  } catch (const std::exception& bug) {
    log::error("turn {}: {}", turn.record.id, bug.what());
    co_return fail(ErrorCode::internal, "something went wrong inside; the question was not charged");
  }
}

void log_phases(const model::Turn& turn) {
  std::string phases;
  for (const auto& phase : turn.phases) phases += fmt::format(" {}={:.1f}", phase.name, phase.ms);
  log::debug("turn {} phases in ms:{}", turn.id, phases);
}

void tell_operators(const AdmittedTurn& turn, const TurnParts& parts) {
  const auto& record = turn.record;
  parts.observer.count("turns", model::to_string(record.status), 1);
  parts.observer.phase("total", turn.milliseconds() / 1000);
  log::info("turn {} {} dialect={} character={} quotes={} false={} first_ms={} total_ms={}", record.id,
            model::to_string(record.status), record.dialect, record.character_id, record.quotes.size(), record.false_quotes,
            record.first_token_ms, record.total_ms);
  log_phases(record);
}

}  // namespace

asio::awaitable<void> run_turn(std::shared_ptr<AdmittedTurn> turn, TurnParts parts) {
  const auto outcome = co_await answer_or_explain(*turn, parts);
  // Whoever has heard the end finds the turn counted.
  const auto count = [&turn, &parts] { tell_operators(*turn, parts); };
  const auto& record = turn->record;
  if (const auto closed = co_await close_turn(*turn, parts, outcome, count); !closed)
    log::error("turn {}: the record was not stored: {}", record.id, closed.error().message);
  parts.observer.ended(record);
  const bool cited = turn->question.dialect.prompt == PromptKind::cited;
  if (outcome && cited && parts.window != nullptr && turn->question.sibling == 0)
    co_await append_to_window(*parts.window, parts.turns, record);
  if (outcome && turn->question.dialect.remembers && parts.recall != nullptr) {
    if (const auto kept = co_await parts.recall->remember(record); !kept) {
      log::warn("turn {}: will not be remembered: {}", record.id, kept.error().message);
    }
  }
}

}  // namespace gibsey::chat
