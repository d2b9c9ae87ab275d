#include "chat/answer.hpp"

#include "base/log.hpp"
#include "chat/draft.hpp"
#include "chat/generation.hpp"
#include "chat/turn_prompt.hpp"
#include "chat/turn_sources.hpp"
#include "provider/providers.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>

namespace gibsey::chat {

namespace asio = boost::asio;

namespace {

using Choice = provider::Providers::Choice;

void record_end(AdmittedTurn& turn, model::FinishReason reason) {
  turn.record.finish_reason = model::to_string(reason);
  turn.record.status = reason != model::FinishReason::stopped_by_reader ? model::TurnStatus::complete
                       : turn.log->interrupted()                        ? model::TurnStatus::interrupted
                                                                        : model::TurnStatus::stopped;
}

void take_on(AdmittedTurn& turn, TurnParts& parts, const Choice::Chosen& chosen) {
  turn.model = &chosen.model;
  turn.record.provider = chosen.model.provider();
  turn.record.model = chosen.model.model();
  turn.record.fallback_used = chosen.fallback;
  parts.observer.chosen(turn.record.provider, chosen.why);
  if (chosen.why != "first") log::info("turn {} provider={} why={}", turn.record.id, turn.record.provider, chosen.why);
}

asio::awaitable<void> pause(std::chrono::milliseconds time) {
  if (time.count() == 0) co_return;
  asio::steady_timer timer(co_await asio::this_coro::executor, time);
  co_await timer.async_wait(asio::use_awaitable);
}

/// What is left of a failed model's reply goes on with the next model, or begins anew.
struct Takeover {
  bool possible = true;
  bool goes_on = false;
};

Takeover take_over(const AdmittedTurn& turn, const Draft& draft, const provider::ChatModel& next) {
  if (!draft.told()) return {};
  if (turn.question.dialect.after_failure == AfterFailure::replace) return {};
  return {.possible = next.supports_opening(), .goes_on = true};
}

/// The models of one reply, one after the other, until one brings it to its end.
class Answering {
 public:
  Answering(AdmittedTurn& turn, TurnParts& parts, const FoundSources& found, const Background& background)
      : turn_(turn),
        parts_(parts),
        found_(found),
        background_(background),
        draft_(turn, parts, found),
        choice_(parts.models, turn.question.provider, turn.question.model) {}

  asio::awaitable<Result<void>> run() {
    while (const auto chosen = choice_.next()) {
      const auto takeover = take_over(turn_, draft_, chosen->model);
      if (!takeover.possible) {
        choice_.pass_over();
        continue;
      }
      co_await pause(chosen->wait);
      if (turn_.log->stop_requested()) co_return co_await end(model::FinishReason::stopped_by_reader);
      const auto ended = co_await attempt(*chosen, takeover.goes_on);
      if (ended) {
        choice_.succeeded();
        co_return co_await end(*ended);
      }
      if (turn_.log->stop_requested()) co_return co_await end(model::FinishReason::stopped_by_reader);
      choice_.failed(ended.error());
      parts_.observer.failed(turn_.record.provider, to_string(ended.error().code));
      if (!provider::Providers::another_may_help(ended.error()) || turn_.deadline.passed()) {
        co_await draft_.close(false);
        co_return std::unexpected(told(ended.error()));
      }
    }
    co_await draft_.close(false);
    co_return std::unexpected(told(choice_.error()));
  }

 private:
  /// Where readers sign in, a fault names no machine inside the house.
  [[nodiscard]] Error told(Error error) const {
    if (turn_.tell_faults || !provider::Providers::another_may_help(error)) return error;
    log::warn("turn {}: {}", turn_.record.id, error.message);
    error.message = error.code == ErrorCode::busy        ? "every model is busy; ask again in a moment"
                    : error.code == ErrorCode::too_large ? "the question does not fit the model; ask it in fewer words"
                                                         : "no model can answer now; nothing was charged, ask again in a moment";
    return error;
  }

  asio::awaitable<Result<model::FinishReason>> attempt(const Choice::Chosen& chosen, bool goes_on) {
    take_on(turn_, parts_, chosen);
    choose_tone(turn_, parts_);
    GIBSEY_CO_TRY(auto prompt, compose_for_model(turn_, parts_, found_, background_));
    tell_context(prompt);
    const auto started = Deadline::Clock::now();
    if (goes_on) {
      prompt.opening = draft_.so_far();
      prompt.lead_in.clear();
    } else {
      draft_.begin_anew("another model takes over: the one before it failed");
      co_await draft_.open(prompt);
    }
    draft_.written_by(chosen.model);
    const auto generated = co_await generate_reply(turn_, parts_, prompt, draft_.check(), draft_.writer());
    if (generated.first_token) choice_.first_token(*generated.first_token - started);
    co_return generated.ended;
  }

  /// Once, and again where another model's prompt holds something else.
  void tell_context(const Prompt& prompt) {
    model::ContextComposed context{prompt.included, prompt.cut};
    if (told_context_ && told_context_->included == context.included && told_context_->cut == context.cut) return;
    told_context_ = context;
    turn_.log->append(std::move(context));
  }

  asio::awaitable<Result<void>> end(model::FinishReason reason) {
    co_await draft_.close(reason != model::FinishReason::stopped_by_reader);
    record_end(turn_, reason);
    co_return Result<void>{};
  }

  AdmittedTurn& turn_;
  TurnParts& parts_;
  const FoundSources& found_;
  const Background& background_;
  Draft draft_;
  Choice choice_;
  std::optional<model::ContextComposed> told_context_;
};

}  // namespace

asio::awaitable<Result<void>> answer(AdmittedTurn& turn, TurnParts& parts) {
  GIBSEY_CO_TRY(const auto found, co_await find_sources(turn, parts));
  turn.record.retrieval = found.method;
  turn.record.sources = found.sources;
  turn.log->append(model::SourcesFound{found.sources, found.method});
  GIBSEY_CO_TRY(const auto background, co_await load_background(turn, parts));
  Answering answering(turn, parts, found, background);
  co_return co_await answering.run();
}

}  // namespace gibsey::chat
