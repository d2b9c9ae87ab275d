#include "chat/turn.hpp"

#include "base/log.hpp"
#include "chat/prompt.hpp"
#include "chat/quote_check.hpp"
#include "chat/reply_guard.hpp"
#include "chat/words.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <functional>

namespace gibsey::chat {

namespace asio = boost::asio;

namespace {

/// Quotes offered to a model: more than eight and it stops citing (open-webui issue 7508).
constexpr int kOfferedQuotes = 6;
constexpr int kHistoryExchanges = 10;
/// A tiny model gets this many generations to say kLeastWords words that are fit to print.
constexpr int kAttempts = 3;
/// A sentence of a tiny model that has not ended by then does not end well.
constexpr int kAttemptTokens = 64;
constexpr int kLeastWords = 18;
constexpr auto kPersistEvery = std::chrono::milliseconds(250);

double seconds_since(Deadline::Clock::time_point start) {
  return std::chrono::duration<double>(Deadline::Clock::now() - start).count();
}

int millis_since(Deadline::Clock::time_point start) { return static_cast<int>(1000 * seconds_since(start)); }

/// Sends checked text to the readers and, in batches, to the store.
class ReplyWriter {
 public:
  ReplyWriter(AdmittedTurn& turn, TurnParts& parts) : turn_(turn), parts_(parts) {}

  asio::awaitable<void> write(std::vector<CheckedPiece> pieces) {
    for (auto& piece : pieces) {
      if (auto* text = std::get_if<model::TokenText>(&piece)) write_text(std::move(text->text));
      if (auto* quote = std::get_if<model::QuoteClosed>(&piece)) {
        parts_.observer.count("quotes", model::to_string(quote->quote.origin), 1);
        turn_.log->append(std::move(*quote));
      }
    }
    if (!unsaved_.empty() && Deadline::Clock::now() - saved_ >= kPersistEvery) co_await save();
  }

  [[nodiscard]] bool wrote_text() const { return wrote_text_; }

 private:
  void write_text(std::string text) {
    if (!wrote_text_) {
      wrote_text_ = true;
      turn_.record.first_token_ms = millis_since(turn_.started);
      parts_.observer.phase("first_token", seconds_since(turn_.started));
    }
    unsaved_ += text;
    turn_.log->append(model::TokenText{std::move(text)});
  }

  asio::awaitable<void> save() {
    saved_ = Deadline::Clock::now();
    const auto saved = co_await parts_.turns.append_reply(turn_.record.id, std::exchange(unsaved_, {}));
    // The whole reply is stored once more at the end; a batch that fails is told, the reader's stream goes on.
    if (!saved) log::warn("turn {}: part of the reply was not stored: {}", turn_.record.id, saved.error().message);
  }

  AdmittedTurn& turn_;
  TurnParts& parts_;
  std::string unsaved_;
  Deadline::Clock::time_point saved_ = Deadline::Clock::now();
  bool wrote_text_ = false;
};

asio::awaitable<Result<std::vector<PastExchange>>> load_history(const AdmittedTurn& turn, TurnParts& parts) {
  std::vector<PastExchange> history;
  if (turn.question.conversation_id.empty()) co_return history;
  GIBSEY_CO_TRY(auto turns, co_await parts.turns.history(turn.question.conversation_id, turn.question.user_id, kHistoryExchanges));
  for (auto& past : turns) {
    if (!past.reply.empty()) history.push_back({std::move(past.question), std::move(past.reply)});
  }
  co_return history;
}

struct Found {
  std::vector<model::Source> sources;
  bool in_book = false;
  std::shared_ptr<const retrieval::QuoteFinder> book;  ///< null: a world without a book
};

asio::awaitable<Result<Found>> find_sources(const AdmittedTurn& turn, TurnParts& parts) {
  Found found;
  found.book = parts.retriever.quotes(turn.world.name);
  if (found.book == nullptr) co_return found;
  const auto started = Deadline::Clock::now();
  GIBSEY_CO_TRY(auto retrieved, co_await parts.retriever.retrieve({.world = turn.world.name,
                                                                   .text = turn.question.text,
                                                                   .k = kOfferedQuotes,
                                                                   .character = turn.character.id,
                                                                   .page_id = turn.question.page_id}));
  parts.observer.phase("retrieve", seconds_since(started));
  found.in_book = retrieved.above_threshold;
  for (auto& hit : retrieved.hits) {
    found.sources.push_back({.n = static_cast<int>(found.sources.size()) + 1,
                             .page_id = std::move(hit.quote.page_id),
                             .label = std::move(hit.label),
                             .title = std::move(hit.title),
                             .chapter = std::move(hit.chapter),
                             .quote = std::move(hit.quote.text),
                             .start = hit.quote.start,
                             .end = hit.quote.end,
                             .score = hit.score});
  }
  co_return found;
}

provider::ChatRequest request_for(const AdmittedTurn& turn, const TurnParts& parts, const Prompt& prompt) {
  provider::ChatRequest request;
  request.messages = prompt.messages;
  request.stable_messages = prompt.stable_messages;
  request.opening = prompt.opening;
  request.max_tokens = turn.question.max_tokens;
  request.user_id = turn.question.user_id;
  request.deadline = turn.deadline;
  request.stop = {"\nUser:", "\nReader:"};
  // Tried on 135 M parameters: at 0.7 the reply leaves the question, under 0.3 it recites the persona.
  if (parts.model.is_small()) request.sampling = {.temperature = 0.4, .top_p = 0.9, .min_p = 0.1, .repeat_penalty = 1.12};
  return request;
}

void add(model::TokenUsage& usage, const model::TokenUsage& more) {
  usage.prompt_tokens += more.prompt_tokens;
  usage.completion_tokens += more.completion_tokens;
}

/// Where the text of a generation goes.
class Sink {
 public:
  virtual ~Sink() = default;
  /// False: no more is wanted.
  virtual asio::awaitable<bool> take(std::string text) = 0;
};

/// A model that can be trusted with its own sentences: every token goes through the quote check to the reader.
class FreeSink final : public Sink {
 public:
  FreeSink(QuoteCheck& check, ReplyWriter& writer) : check_(check), writer_(writer) {}

  asio::awaitable<bool> take(std::string text) override {
    co_await writer_.write(check_.feed(text));
    co_return true;
  }

 private:
  QuoteCheck& check_;
  ReplyWriter& writer_;
};

/// A tiny model: only sentences that pass the guard go on, word by word as a stream of tokens does.
class GuardedSink final : public Sink {
 public:
  GuardedSink(ReplyGuard& guard, QuoteCheck& check, ReplyWriter& writer) : guard_(guard), check_(check), writer_(writer) {}

  asio::awaitable<bool> take(std::string text) override {
    co_await pass(guard_.feed(text));
    co_return !guard_.wants_no_more();
  }

  asio::awaitable<void> finish() { co_await pass(guard_.finish()); }

 private:
  asio::awaitable<void> pass(std::vector<std::string> sentences) {
    for (const auto& sentence : sentences) {
      for (std::size_t i = 0; i < sentence.size();) {
        const auto end = std::min(sentence.find(' ', i + 1), sentence.size());
        co_await writer_.write(check_.feed(std::string_view(sentence).substr(i, end - i)));
        i = end;
      }
    }
  }

  ReplyGuard& guard_;
  QuoteCheck& check_;
  ReplyWriter& writer_;
};

/// One generation, piece by piece into `sink` until it wants no more. Says how it ended.
asio::awaitable<Result<model::FinishReason>> generate(AdmittedTurn& turn, TurnParts& parts, provider::ChatRequest request,
                                                      Sink& sink) {
  GIBSEY_CO_TRY(std::shared_ptr<provider::TokenStream> stream, co_await parts.model.start(std::move(request)));
  turn.log->when_stopped([weak = std::weak_ptr(stream)] {
    if (const auto running = weak.lock()) running->stop();
  });
  bool wanted = true;
  while (wanted) {
    GIBSEY_CO_TRY(auto piece, co_await stream->next());
    if (!piece) break;
    parts.observer.count("tokens", parts.model.provider(), 1);
    wanted = co_await sink.take(std::move(*piece));
  }
  turn.log->when_stopped(nullptr);
  if (turn.log->stop_requested()) co_return model::FinishReason::stopped_by_reader;
  if (!wanted) {
    stream->stop();
    co_return model::FinishReason::stop;
  }
  const auto generated = stream->generated();
  add(turn.record.usage, generated.usage);
  co_return generated.finish_reason;
}

asio::awaitable<Result<model::FinishReason>> stream_freely(AdmittedTurn& turn, TurnParts& parts, const Prompt& prompt,
                                                           QuoteCheck& check, ReplyWriter& writer) {
  FreeSink sink(check, writer);
  co_return co_await generate(turn, parts, request_for(turn, parts, prompt), sink);
}

GuardInputs guard_inputs(const AdmittedTurn& turn, const Prompt& prompt) {
  GuardInputs inputs{.prompt_texts = {prompt.opening}, .speaker_names = turn.speaker_names};
  for (const auto& message : prompt.messages) inputs.prompt_texts.push_back(message.text);
  for (const auto& source : turn.record.sources) inputs.prompt_texts.push_back(source.quote);
  // Where the opening already says that the book does not tell, one sentence more is enough.
  if (!prompt.quote && !prompt.opening.empty()) inputs.enough_words = 1;
  return inputs;
}

/// Sentences pass a guard, and a generation that goes astray is begun again after what was accepted.
asio::awaitable<Result<model::FinishReason>> stream_guarded(AdmittedTurn& turn, TurnParts& parts, const Prompt& prompt,
                                                            QuoteCheck& check, ReplyWriter& writer) {
  ReplyGuard guard(guard_inputs(turn, prompt));
  GuardedSink sink(guard, check, writer);
  const bool opened_without_quote = !prompt.quote && !prompt.opening.empty();
  const int least_words = opened_without_quote ? 0 : kLeastWords;
  for (int attempt = 0; attempt < kAttempts && !guard.long_enough(); ++attempt) {
    if (attempt > 0 && guard.words() >= least_words) break;
    guard.restart();
    auto request = request_for(turn, parts, prompt);
    request.max_tokens = std::min(request.max_tokens, kAttemptTokens);
    if (guard.accepted().empty()) {
      request.opening += prompt.lead_in;
      co_await sink.take(prompt.lead_in);
    } else {
      request.opening += guard.accepted();
    }
    GIBSEY_CO_TRY(const auto reason, co_await generate(turn, parts, std::move(request), sink));
    if (reason == model::FinishReason::stopped_by_reader) co_return reason;
    co_await sink.finish();
  }
  if (guard.words() == 0 && check.reply().empty()) {
    co_return fail(ErrorCode::unavailable, "the model found no words that are fit to print; ask again, or use a larger model");
  }
  co_return model::FinishReason::stop;
}

asio::awaitable<Result<void>> answer(AdmittedTurn& turn, TurnParts& parts) {
  GIBSEY_CO_TRY(const auto history, co_await load_history(turn, parts));
  GIBSEY_CO_TRY(auto found, co_await find_sources(turn, parts));
  turn.record.sources = found.sources;
  turn.log->append(model::SourcesFound{found.sources});

  const auto composing = Deadline::Clock::now();
  GIBSEY_CO_TRY(const auto prompt, compose_prompt({.world = turn.world,
                                                   .character = turn.character,
                                                   .sources = found.sources,
                                                   .history = history,
                                                   .question = turn.question.text,
                                                   .in_book = found.in_book,
                                                   .opening = parts.model.supports_opening() && parts.model.is_small(),
                                                   .small_model = parts.model.is_small(),
                                                   .variant = std::hash<std::string>{}(turn.question.text)},
                                                  turn.prompt_template));
  parts.observer.phase("prompt", seconds_since(composing));
  turn.log->append(model::ContextComposed{prompt.included, prompt.cut});

  QuoteCheck check(found.book, found.sources, turn.question.text);
  ReplyWriter writer(turn, parts);
  if (prompt.quote) {
    co_await writer.write(check.insert(*prompt.quote, model::QuoteOrigin::opening, ""));
  } else if (!prompt.opening.empty()) {
    co_await writer.write(check.feed(prompt.opening));
  }
  const auto ended = parts.model.is_small() ? co_await stream_guarded(turn, parts, prompt, check, writer)
                                            : co_await stream_freely(turn, parts, prompt, check, writer);
  co_await writer.write(check.finish());
  const bool whole = ended && *ended != model::FinishReason::stopped_by_reader;
  const bool wants_epigraph = whole && found.in_book && !found.sources.empty() && check.quotes().empty();
  if (wants_epigraph) {
    co_await writer.write(check.insert(found.sources.front(), model::QuoteOrigin::epigraph, check.reply().empty() ? "" : "\n\n"));
  }

  turn.record.reply = check.reply();
  turn.record.quotes = check.quotes();
  turn.record.false_quotes = check.false_quotes();
  if (check.false_quotes() > 0) parts.observer.count("false_quotes", "", check.false_quotes());
  if (!ended) co_return std::unexpected(ended.error());
  turn.record.finish_reason = model::to_string(*ended);
  const bool stopped = *ended == model::FinishReason::stopped_by_reader;
  turn.record.status = !stopped                  ? model::TurnStatus::complete
                       : turn.log->interrupted() ? model::TurnStatus::interrupted
                                                 : model::TurnStatus::stopped;
  co_return Result<void>{};
}

/// The rule of contracts section 0 for the way this turn ended, and what it takes of the hold.
std::pair<int, std::string> charge(const AdmittedTurn& turn, const Result<void>& outcome) {
  if (!outcome) return {0, "failed: released in full"};
  if (turn.record.status == model::TurnStatus::interrupted) return {0, "interrupted: released in full"};
  if (turn.record.status != model::TurnStatus::stopped) return {turn.hold.amount, "complete: charged in full"};
  if (turn.record.reply.empty()) return {0, "stopped before the first token: released in full"};
  return {turn.hold.amount, "stopped by the reader after the first token: charged in full"};
}

/// Finish, then settle: a crash between the two leaves a complete turn with an open hold, which the next start settles.
asio::awaitable<void> close_books(AdmittedTurn& turn, TurnParts& parts, const Result<void>& outcome) {
  auto& record = turn.record;
  record.total_ms = millis_since(turn.started);
  record.updated = unix_millis_now();
  if (!outcome) {
    record.status = model::TurnStatus::failed;
    record.finish_reason = model::to_string(model::FinishReason::error);
    record.error = outcome.error().message;
  }
  if (const auto stored = co_await parts.turns.finish(record); !stored) {
    log::error("turn {}: the record was not stored: {}", record.id, stored.error().message);
  }
  const auto [charged, rule] = charge(turn, outcome);
  const auto entry = charged > 0 ? co_await parts.ledger.settle(turn.hold.id, charged, rule)
                                 : co_await parts.ledger.release(turn.hold.id, rule);
  if (!entry) {
    log::error("turn {}: the hold {} stays open until the next start: {}", record.id, turn.hold.id, entry.error().message);
    co_return;
  }
  record.receipt = model::Receipt{.held = turn.hold.amount,
                                  .charged = charged,
                                  .released = turn.hold.amount - charged,
                                  .balance = entry->balance,
                                  .rule = rule};
  if (const auto stored = co_await parts.turns.finish(record); !stored) {
    log::error("turn {}: the receipt was not stored: {}", record.id, stored.error().message);
  }
}

void tell_readers(const AdmittedTurn& turn, const Result<void>& outcome) {
  const auto& record = turn.record;
  if (outcome) turn.log->append(model::UsageCounted{record.usage});
  if (record.receipt) turn.log->append(model::LedgerSettled{*record.receipt});
  if (outcome) {
    turn.log->append(model::TurnDone{.turn_id = record.id,
                                     .finish_reason = record.status == model::TurnStatus::stopped
                                                          ? model::FinishReason::stopped_by_reader
                                                      : record.finish_reason == model::to_string(model::FinishReason::length)
                                                          ? model::FinishReason::length
                                                          : model::FinishReason::stop,
                                     .provider = record.provider,
                                     .model = record.model,
                                     .first_token_ms = record.first_token_ms,
                                     .total_ms = record.total_ms});
  } else {
    turn.log->append(model::TurnFailed{.code = std::string(to_string(outcome.error().code)),
                                       .message = outcome.error().message,
                                       .retryable = outcome.error().code != ErrorCode::too_large,
                                       .released = record.receipt && record.receipt->charged == 0});
  }
}

asio::awaitable<Result<void>> answer_or_explain(AdmittedTurn& turn, TurnParts& parts) {
  try {
    co_return co_await answer(turn, parts);
  } catch (const std::exception& bug) {
    log::error("turn {}: {}", turn.record.id, bug.what());
    co_return fail(ErrorCode::internal, "something went wrong inside; the question was not charged");
  }
}

}  // namespace

asio::awaitable<void> run_turn(std::shared_ptr<AdmittedTurn> turn, TurnParts parts) {
  const auto outcome = co_await answer_or_explain(*turn, parts);
  co_await close_books(*turn, parts, outcome);
  tell_readers(*turn, outcome);
  parts.observer.count("turns", model::to_string(turn->record.status), 1);
  parts.observer.phase("total", seconds_since(turn->started));
  log::info("turn {} {} character={} quotes={} false={} first_ms={} total_ms={}", turn->record.id,
            model::to_string(turn->record.status), turn->record.character_id, turn->record.quotes.size(),
            turn->record.false_quotes, turn->record.first_token_ms, turn->record.total_ms);
  turn->log->close();
}

}  // namespace gibsey::chat
