#include "chat/turn.hpp"

#include "base/log.hpp"
#include "chat/answer.hpp"
#include "chat/history_window.hpp"
#include "chat/recall.hpp"
#include "chat/stored_turn.hpp"

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

/// The rule of contracts section 0 for the way this turn ended, and what it takes of the hold.
std::pair<int, std::string> charge(const AdmittedTurn& turn, const Result<void>& outcome) {
  if (turn.hold.id.empty()) return {0, "free of charge"};
  if (!outcome) return {0, "failed: released in full"};
  if (turn.record.status == model::TurnStatus::interrupted) return {0, "interrupted: released in full"};
  if (turn.record.status != model::TurnStatus::stopped) return {turn.hold.amount, "complete: charged in full"};
  if (turn.record.reply.empty()) return {0, "stopped before the first token: released in full"};
  return {turn.hold.amount, "stopped by the reader after the first token: charged in full"};
}

void record_outcome(AdmittedTurn& turn, const Result<void>& outcome) {
  auto& record = turn.record;
  record.total_ms = static_cast<int>(turn.milliseconds());
  record.updated = unix_millis_now();
  if (outcome) {
    if (record.status == model::TurnStatus::interrupted) {
      record.error = "the program stopped while the reply was written";
      record.error_code = "interrupted";
    }
    return;
  }
  record.status = model::TurnStatus::failed;
  record.finish_reason = model::to_string(model::FinishReason::error);
  record.error = outcome.error().message;
  record.error_code = to_string(outcome.error().code);
}

asio::awaitable<void> settle(AdmittedTurn& turn, TurnParts& parts, const Result<void>& outcome) {
  const auto [charged, rule] = charge(turn, outcome);
  model::Receipt receipt{.held = turn.hold.amount, .charged = charged, .released = turn.hold.amount - charged, .rule = rule};
  if (turn.hold.id.empty()) {
    // What costs credits elsewhere may be free here: the reader's balance is told all the same.
    const auto balance = turn.question.dialect.charged ? co_await parts.ledger.balance(turn.question.user_id) : 0;
    receipt.balance = balance.value_or(0);
  } else {
    const auto entry = charged > 0 ? co_await parts.ledger.settle(turn.hold.id, charged, rule)
                                   : co_await parts.ledger.release(turn.hold.id, rule);
    if (!entry) {
      log::error("turn {}: the hold {} stays open until it is swept: {}", turn.record.id, turn.hold.id, entry.error().message);
      co_return;
    }
    receipt.balance = entry->balance;
  }
  turn.record.receipt = receipt;
}

void log_phases(const model::Turn& turn) {
  std::string phases;
  for (const auto& phase : turn.phases) phases += fmt::format(" {}={:.1f}", phase.name, phase.ms);
  log::debug("turn {} phases in ms:{}", turn.id, phases);
}

/// The text is stored before the hold is settled, and the record after: a crash in between leaves a running turn whose hold tells
/// how it ended (recovery.hpp). Readers are told last.
asio::awaitable<void> close_books(AdmittedTurn& turn, TurnParts& parts, const Result<void>& outcome) {
  record_outcome(turn, outcome);
  co_await turn.saver->finish(turn.log, parts.turns);
  co_await settle(turn, parts, outcome);
  auto closing = closing_events(turn.record);
  auto last = turn.log->unsaved();
  last.events.insert(last.events.end(), closing.begin(), closing.end());
  if (const auto stored = co_await parts.turns.finish(turn.record, last.first_seq, last.events); !stored) {
    log::error("turn {}: the record was not stored: {}", turn.record.id, stored.error().message);
  }
  for (auto& event : closing) turn.log->append(std::move(event));
}

}  // namespace

asio::awaitable<void> run_turn(std::shared_ptr<AdmittedTurn> turn, TurnParts parts) {
  const auto outcome = co_await answer_or_explain(*turn, parts);
  co_await close_books(*turn, parts, outcome);
  const auto& record = turn->record;
  parts.observer.count("turns", model::to_string(record.status), 1);
  parts.observer.phase("total", turn->milliseconds() / 1000);
  log::info("turn {} {} dialect={} character={} quotes={} false={} first_ms={} total_ms={}", record.id,
            model::to_string(record.status), record.dialect, record.character_id, record.quotes.size(), record.false_quotes,
            record.first_token_ms, record.total_ms);
  log_phases(record);
  turn->log->close();
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
