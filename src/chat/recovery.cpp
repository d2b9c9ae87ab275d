#include "chat/recovery.hpp"

#include "base/log.hpp"
#include "chat/stored_turn.hpp"

#include <variant>

namespace gibsey::chat {

namespace asio = boost::asio;

namespace {

constexpr int kMostEvents = 1'000'000;

/// What the log of a turn says of it that its record does not yet.
void restore(model::Turn& turn, const std::vector<model::NumberedEvent>& events) {
  turn.reply.clear();
  turn.quotes.clear();
  for (const auto& [seq, event] : events) {
    if (const auto* found = std::get_if<model::SourcesFound>(&event)) turn.sources = found->sources;
    if (const auto* composed = std::get_if<model::ContextComposed>(&event)) {
      turn.included = composed->included;
      turn.cut = composed->cut;
    }
    if (const auto* token = std::get_if<model::TokenText>(&event)) turn.reply += token->text;
    if (const auto* quote = std::get_if<model::QuoteClosed>(&event)) turn.quotes.push_back(quote->quote);
    if (std::holds_alternative<model::TextReplaced>(event)) {
      turn.reply.clear();
      turn.quotes.clear();
    }
  }
}

model::Receipt receipt_of(int held, int charged, const model::LedgerEntry& entry) {
  return {.held = held, .charged = charged, .released = held - charged, .balance = entry.balance, .rule = entry.reason};
}

/// Ends the hold of a turn that was found running. Its text was stored before the hold was settled, so a hold that is settled
/// tells of a turn that was whole.
asio::awaitable<Result<void>> end_hold(model::Turn& turn, store::LedgerStore& ledger, int held) {
  const auto released = co_await ledger.release(turn.hold_id, "interrupted: released in full");
  if (released) {
    turn.receipt = receipt_of(held, 0, *released);
    co_return Result<void>{};
  }
  if (released.error().code == ErrorCode::not_found) co_return Result<void>{};
  if (released.error().code != ErrorCode::conflict) co_return std::unexpected(released.error());
  GIBSEY_CO_TRY(const auto settled, co_await ledger.settle(turn.hold_id, held, "complete: charged in full"));
  turn.receipt = receipt_of(held, held, settled);
  turn.status = settled.reason.starts_with("stopped") ? model::TurnStatus::stopped : model::TurnStatus::complete;
  co_return Result<void>{};
}

int held_by(const std::vector<model::NumberedEvent>& events) {
  if (events.empty()) return 0;
  const auto* started = std::get_if<model::TurnStarted>(&events.front().event);
  return started == nullptr ? 0 : started->hold;
}

asio::awaitable<Result<void>> end_turn(model::Turn turn, store::TurnStore& turns, store::LedgerStore& ledger) {
  log::warn("turn {} was interrupted by a stop of the program", turn.id);
  GIBSEY_CO_TRY(const auto events, co_await turns.events(turn.id, 0, kMostEvents));
  restore(turn, events);
  turn.status = model::TurnStatus::interrupted;
  if (!turn.hold_id.empty()) GIBSEY_CO_CHECK(co_await end_hold(turn, ledger, held_by(events)));
  if (turn.status == model::TurnStatus::interrupted) {
    turn.finish_reason = model::to_string(model::FinishReason::error);
    turn.error = "the program stopped while the reply was written";
    turn.error_code = "interrupted";
  }
  turn.updated = unix_millis_now();
  const auto last = events.empty() ? 0 : events.back().seq;
  co_return co_await turns.finish(turn, last + kCrashGap, closing_events(turn));
}

/// Ends a hold whose turn does not run.
asio::awaitable<Result<void>> end_forgotten(model::CreditHold hold, store::TurnStore& turns, store::LedgerStore& ledger) {
  GIBSEY_CO_TRY(auto turn, co_await turns.find(hold.turn_id));
  const bool served = turn && (turn->status == model::TurnStatus::complete || turn->status == model::TurnStatus::stopped);
  const std::string rule = served ? "complete: charged in full" : "interrupted: released in full";
  const auto entry = served ? co_await ledger.settle(hold.id, hold.amount, rule) : co_await ledger.release(hold.id, rule);
  if (!entry) co_return std::unexpected(entry.error());
  if (!turn) co_return Result<void>{};
  turn->receipt = receipt_of(hold.amount, served ? hold.amount : 0, *entry);
  co_return co_await turns.finish(*turn, 0, {});
}

}  // namespace

asio::awaitable<Result<int>> recover_turns(store::TurnStore& turns, Ledgers ledgers) {
  GIBSEY_CO_TRY(const auto interrupted, co_await turns.list_running());
  for (const auto& turn : interrupted) {
    const auto own = ledgers.find(turn.dialect);
    GIBSEY_CO_CHECK(co_await end_turn(turn, turns, own == ledgers.end() ? *ledgers.at("") : *own->second));
  }
  for (const auto& [dialect, ledger] : ledgers) {
    GIBSEY_CO_TRY(const auto holds, co_await ledger->open_holds());
    for (const auto& hold : holds) GIBSEY_CO_CHECK(co_await end_forgotten(hold, turns, *ledger));
  }
  co_return static_cast<int>(interrupted.size());
}

asio::awaitable<Result<int>> sweep_holds(store::TurnStore& turns, Ledgers ledgers, std::chrono::milliseconds limit) {
  const auto oldest = unix_millis_now() - limit.count();
  int ended = 0;
  for (const auto& [dialect, ledger] : ledgers) {
    GIBSEY_CO_TRY(const auto holds, co_await ledger->open_holds());
    for (const auto& hold : holds) {
      if (hold.created > oldest) break;
      GIBSEY_CO_TRY(const auto turn, co_await turns.find(hold.turn_id));
      if (turn && turn->status == model::TurnStatus::running) continue;
      GIBSEY_CO_CHECK(co_await end_forgotten(hold, turns, *ledger));
      ++ended;
    }
  }
  co_return ended;
}

asio::awaitable<Result<void>> release_holds_of(const std::set<std::string>& turn_ids, std::string rule,
                                               store::LedgerStore& ledger) {
  GIBSEY_CO_TRY(const auto holds, co_await ledger.open_holds());
  Result<void> all;
  for (const auto& hold : holds) {
    if (!turn_ids.contains(hold.turn_id)) continue;
    const auto released = co_await ledger.release(hold.id, rule);
    if (!released && all) all = std::unexpected(released.error());
  }
  co_return all;
}

}  // namespace gibsey::chat
