#include "chat/generation.hpp"

#include "base/log.hpp"
#include "chat/call_trace.hpp"
#include "chat/reply_guard.hpp"
#include "chat/turn_prompt.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace gibsey::chat {

namespace asio = boost::asio;

namespace {

/// A tiny model gets this many generations to say kLeastWords words that are fit to print.
constexpr int kAttempts = 3;
/// A sentence of a tiny model that has not ended by then does not end well.
constexpr int kAttemptTokens = 64;
constexpr int kLeastWords = 18;
/// A reader who has heard something by then would rather have the end than more of it (two readers at once: p95 of the whole
/// reply under 2.5 s, contracts section 6).
constexpr double kPatienceMs = 1300;

provider::ChatRequest request_for(const AdmittedTurn& turn, const Prompt& prompt) {
  provider::ChatRequest request;
  request.messages = prompt.messages;
  request.stable_messages = prompt.stable_messages;
  request.opening = prompt.opening;
  request.quotes = prompt.quotable;
  request.max_tokens = most_reply_tokens(turn);
  request.user_id = turn.question.user_id;
  request.deadline = turn.deadline;
  request.stop = {"\nUser:", "\nReader:"};
  request.stop.insert(request.stop.end(), turn.question.stop.begin(), turn.question.stop.end());
  if (turn.model->is_small()) request.sampling = {.min_p = 0.1, .repeat_penalty = 1.12};
  request.sampling.temperature = turn.record.temperature;
  request.sampling.top_p = turn.record.top_p;
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
  FreeSink(ReplyCheck& check, ReplyWriter& writer) : check_(check), writer_(writer) {}

  asio::awaitable<bool> take(std::string text) override {
    co_await writer_.pass(check_, std::move(text));
    co_return true;
  }

 private:
  ReplyCheck& check_;
  ReplyWriter& writer_;
};

/// A tiny model: only sentences that pass the guard go on, word by word as a stream of tokens does.
class GuardedSink final : public Sink {
 public:
  GuardedSink(ReplyGuard& guard, ReplyCheck& check, ReplyWriter& writer) : guard_(guard), check_(check), writer_(writer) {}

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
        co_await writer_.pass(check_, sentence.substr(i, end - i));
        i = end;
      }
    }
  }

  ReplyGuard& guard_;
  ReplyCheck& check_;
  ReplyWriter& writer_;
};

asio::awaitable<bool> is_more(provider::TokenStream& stream) {
  const auto piece = co_await stream.next();
  co_return piece && *piece;
}

/// The generations of one reply.
class Generator {
 public:
  Generator(AdmittedTurn& turn, TurnParts& parts) : turn_(turn), parts_(parts) {}

  /// One generation, piece by piece into `sink` until it wants no more. Says how it ended.
  asio::awaitable<Result<model::FinishReason>> generate(provider::ChatRequest request, Sink& sink) {
    CallTrace trace(turn_, request);
    auto ended = co_await stream(std::move(request), sink, trace);
    trace.ended(ended);
    co_return ended;
  }

  [[nodiscard]] const std::optional<Deadline::Clock::time_point>& first_token() const { return first_token_; }

 private:
  asio::awaitable<Result<model::FinishReason>> stream(provider::ChatRequest request, Sink& sink, CallTrace& trace) {
    std::stop_source unwanted;
    request.cancel = unwanted.get_token();
    turn_.log->when_stopped([unwanted]() mutable { unwanted.request_stop(); });
    auto started = co_await turn_.model->start(std::move(request));
    turn_.log->when_stopped(nullptr);
    if (!started && turn_.log->stop_requested()) co_return model::FinishReason::stopped_by_reader;
    if (!started) co_return std::unexpected(std::move(started).error());
    const std::shared_ptr<provider::TokenStream> stream = *std::move(started);
    turn_.log->when_stopped([weak = std::weak_ptr(stream)] {
      if (const auto running = weak.lock()) running->stop();
    });
    const auto wanted = co_await pour(*stream, sink);
    turn_.log->when_stopped(nullptr);
    if (!wanted) co_return std::unexpected(wanted.error());
    if (!*wanted) {
      // What was made by then is drained, so that the usage tells of it.
      stream->stop();
      while (co_await is_more(*stream)) {
      }
    }
    const auto generated = stream->generated();
    note(generated);
    trace.counted(generated);
    if (turn_.log->stop_requested()) co_return model::FinishReason::stopped_by_reader;
    if (!*wanted) co_return model::FinishReason::stop;
    co_return generated.finish_reason;
  }

  asio::awaitable<Result<bool>> pour(provider::TokenStream& stream, Sink& sink) {
    while (true) {
      GIBSEY_CO_TRY(auto piece, co_await stream.next());
      if (!piece) co_return true;
      if (!first_token_) first_token_ = Deadline::Clock::now();
      parts_.observer.count("tokens", turn_.model->provider(), 1);
      if (!co_await sink.take(*std::move(piece))) co_return false;
    }
  }

  void note(const provider::Generated& generated) {
    add(turn_.record.usage, generated.usage);
    if (generated.reasoning_characters > 0)
      parts_.observer.count("reasoning_characters", turn_.model->provider(), generated.reasoning_characters);
    if (generated.prompt_was_cut) {
      log::warn("turn {}: provider {} cut the prompt; give its model a larger context", turn_.record.id, turn_.model->provider());
      turn_.record.cut.emplace_back("a part of the prompt, by the model's server: its context is too short");
    }
  }

  AdmittedTurn& turn_;
  TurnParts& parts_;
  std::optional<Deadline::Clock::time_point> first_token_;
};

asio::awaitable<Result<model::FinishReason>> stream_freely(AdmittedTurn& turn, Generator& generator, const Prompt& prompt,
                                                           ReplyCheck& check, ReplyWriter& writer) {
  FreeSink sink(check, writer);
  GIBSEY_CO_TRY(const auto reason, co_await generator.generate(request_for(turn, prompt), sink));
  const bool silent = !generator.first_token() && prompt.opening.empty();
  if (silent && reason != model::FinishReason::stopped_by_reader) {
    co_return fail(ErrorCode::unavailable, "the model ended its reply without a word");
  }
  co_return reason;
}

asio::awaitable<Result<std::vector<std::string>>> speaker_names(const AdmittedTurn& turn, TurnParts& parts) {
  GIBSEY_CO_TRY(const auto cast, co_await parts.characters.list_characters(turn.world.name));
  std::vector<std::string> names;
  for (const auto& character : cast) names.push_back(character.display_name);
  co_return names;
}

GuardInputs guard_inputs(const AdmittedTurn& turn, std::vector<std::string> speakers, const Prompt& prompt) {
  GuardInputs inputs{.prompt_texts = {prompt.opening}, .speaker_names = std::move(speakers)};
  for (const auto& message : prompt.messages) inputs.prompt_texts.push_back(message.text);
  for (const auto& source : turn.record.sources) inputs.prompt_texts.push_back(source.quote);
  // Where the opening already says that the book does not tell, one sentence more is enough.
  if (prompt.opening_is_whole) inputs.enough_words = 1;
  return inputs;
}

/// Sentences pass a guard, and a generation that goes astray is begun again after what was accepted.
asio::awaitable<Result<model::FinishReason>> stream_guarded(AdmittedTurn& turn, TurnParts& parts, Generator& generator,
                                                            const Prompt& prompt, ReplyCheck& check, ReplyWriter& writer) {
  GIBSEY_CO_TRY(auto speakers, co_await speaker_names(turn, parts));
  ReplyGuard guard(guard_inputs(turn, std::move(speakers), prompt));
  GuardedSink sink(guard, check, writer);
  const int least_words = prompt.opening_is_whole ? 0 : kLeastWords;
  for (int attempt = 0; attempt < kAttempts && !guard.long_enough(); ++attempt) {
    if (attempt > 0 && guard.words() >= least_words) break;
    if (attempt > 0 && guard.words() > 0 && turn.milliseconds() > kPatienceMs) break;
    guard.restart();
    auto request = request_for(turn, prompt);
    request.max_tokens = std::min(request.max_tokens, kAttemptTokens);
    if (guard.accepted().empty()) {
      request.opening += prompt.lead_in;
      co_await sink.take(prompt.lead_in);
    } else {
      request.opening += guard.accepted();
    }
    GIBSEY_CO_TRY(const auto reason, co_await generator.generate(std::move(request), sink));
    if (reason == model::FinishReason::stopped_by_reader) co_return reason;
    co_await sink.finish();
  }
  if (guard.words() == 0 && check.reply().empty()) {
    co_return fail(ErrorCode::unavailable, "the model found no words that are fit to print; ask again, or use a larger model");
  }
  co_return model::FinishReason::stop;
}

}  // namespace

asio::awaitable<Generation> generate_reply(AdmittedTurn& turn, TurnParts& parts, const Prompt& prompt, ReplyCheck& check,
                                           ReplyWriter& writer) {
  Generator generator(turn, parts);
  Generation generation;
  if (turn.model->is_small()) {
    generation.ended = co_await stream_guarded(turn, parts, generator, prompt, check, writer);
  } else {
    generation.ended = co_await stream_freely(turn, generator, prompt, check, writer);
  }
  generation.first_token = generator.first_token();
  co_return generation;
}

}  // namespace gibsey::chat
