#include "chat/turn_closing.hpp"

#include "base/log.hpp"
#include "chat/stored_turn.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <exception>
#include <iterator>
#include <string>
#include <utility>

namespace gibsey::chat {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::milliseconds kFirstPause{100};
/// Shorter than what drain() gives a turn that it has stopped; where the store refuses at once, that is enough.
constexpr std::chrono::milliseconds kLongestPause{1000};

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

template <typename T>
bool waits(const Result<T>& done) {
  return !done && is_away(done.error());
}

/// The text is stored before the hold is settled, and the record after: a crash in between leaves a running turn whose hold tells
/// how it ended (recovery.hpp).
class Closing {
 public:
  Closing(AdmittedTurn& turn, TurnParts& parts, const Result<void>& outcome, std::function<void()> before_end)
      : turn_(turn), parts_(parts), outcome_(outcome), before_end_(std::move(before_end)) {}

  asio::awaitable<Result<void>> run() {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    const auto patience = Deadline::after(turn_.closing_patience);
    auto pause = kFirstPause;
    for (;;) {
      auto closed = co_await try_to_close();
      if (!waits(closed) || turn_.log->interrupted()) {
        tell_once();
        co_return closed;
      }
      if (!std::exchange(late_, true))
        log::warn("turn {}: its end is not stored yet: {}", turn_.record.id, closed.error().message);
      if (patience.passed()) tell_once();
      timer.expires_after(pause);
      co_await timer.async_wait(asio::use_awaitable);
      pause = std::min(2 * pause, kLongestPause);
    }
  }

 private:
  asio::awaitable<Result<void>> try_to_close() {
    try {
      const auto text = co_await turn_.saver->finish(turn_.log, parts_.turns);
      if (waits(text)) co_return text;
      // Stored with the record, where there is one.
      if (!text && text.error().code != ErrorCode::not_found)
        log::warn("turn {}: the text was not stored: {}", turn_.record.id, text.error().message);
      GIBSEY_CO_CHECK(co_await end_hold());
      co_return co_await store_record();
    } catch (const std::exception& bug) {
      co_return fail(ErrorCode::internal, bug.what());
    }
  }

  asio::awaitable<Result<void>> end_hold() {
    if (hold_ended_) co_return Result<void>();
    const auto [charged, rule] = charge(turn_, outcome_);
    const auto balance = co_await take(charged, rule);
    if (waits(balance)) co_return std::unexpected(balance.error());
    hold_ended_ = true;
    const auto held = turn_.hold.amount;
    if (balance) {
      turn_.record.receipt =
          model::Receipt{.held = held, .charged = charged, .released = held - charged, .balance = *balance, .rule = rule};
    } else {
      log::error("turn {}: the hold {} stays open until it is swept: {}", turn_.record.id, turn_.hold.id,
                 balance.error().message);
    }
    co_return Result<void>();
  }

  /// The reader's balance after it.
  asio::awaitable<Result<std::int64_t>> take(int charged, std::string rule) {
    if (turn_.hold.id.empty()) {
      // What costs credits elsewhere may be free here: the balance is told all the same.
      if (!turn_.question.dialect.charged) co_return 0;
      const auto balance = co_await parts_.ledger.balance(turn_.question.user_id);
      co_return balance.value_or(0);
    }
    GIBSEY_CO_TRY(const auto entry, charged > 0 ? co_await parts_.ledger.settle(turn_.hold.id, charged, std::move(rule))
                                                : co_await parts_.ledger.release(turn_.hold.id, std::move(rule)));
    co_return entry.balance;
  }

  asio::awaitable<Result<void>> store_record() {
    auto rest = turn_.log->unsaved();
    // Who has been told has them in the log.
    if (!told_) std::ranges::move(closing_events(turn_.record), std::back_inserter(rest.events));
    auto stored = co_await parts_.turns.finish(turn_.record, rest.first_seq, std::move(rest.events));
    if (late_ && !stored && stored.error().code == ErrorCode::conflict && co_await was_stored())
      stored = co_await parts_.turns.finish(turn_.record, 0, {});
    co_return stored;
  }

  /// Whether an earlier attempt stored the record, and its answer was lost. What else stands there was ended by another node,
  /// which took this one for dead.
  asio::awaitable<bool> was_stored() {
    const auto there = co_await parts_.turns.find(turn_.record.id);
    co_return there && *there && (*there)->status == turn_.record.status;
  }

  void tell_once() {
    if (std::exchange(told_, true)) return;
    before_end_();
    end_log(turn_);
  }

  AdmittedTurn& turn_;
  TurnParts& parts_;
  const Result<void>& outcome_;
  const std::function<void()> before_end_;
  bool hold_ended_ = false;
  bool late_ = false;  ///< a first attempt has failed
  bool told_ = false;
};

}  // namespace

void end_log(AdmittedTurn& turn) {
  for (auto& event : closing_events(turn.record)) turn.log->append(std::move(event));
  turn.log->close();
}

asio::awaitable<Result<void>> close_turn(AdmittedTurn& turn, TurnParts& parts, const Result<void>& outcome,
                                         std::function<void()> before_end) {
  record_outcome(turn, outcome);
  Closing closing(turn, parts, outcome, std::move(before_end));
  co_return co_await closing.run();
}

}  // namespace gibsey::chat
