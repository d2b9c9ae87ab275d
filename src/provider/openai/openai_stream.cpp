#include "provider/openai/openai_stream.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <bit>
#include <chrono>
#include <utility>

namespace gibsey::provider {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

namespace {

/// For the usage, after the server has said that the reply is over. Some keep the connection open.
constexpr std::chrono::milliseconds kLastBytes{2'000};
/// For the end of the body after [DONE]: a connection that is read to its end can be used again.
constexpr std::chrono::milliseconds kEndOfBody{50};
constexpr int kMostReadsAfterEnd = 4;
/// A prompt that is counted at less than this share of the estimate, and is not short, was cut by the server.
constexpr double kCutShare = 0.6;
constexpr int kShortPrompt = 1000;

/// Whether a count well below the estimate is also what fits one of the usual contexts, when the estimate does not: Ollama's /v1,
/// which takes no num_ctx, leaves out whole messages and then words, without saying so. A low count alone may be an estimate that
/// is wrong.
bool fills_a_context(int told, int expected) {
  const auto context = static_cast<int>(std::bit_ceil(static_cast<unsigned>(told)));
  return context >= 1024 && told >= context / 4 * 3 && expected > context && expected > told * 1.2;
}

bool was_cut(int told, int expected) {
  if (told <= 0) return false;
  return (expected > kShortPrompt && told < kCutShare * expected) || fills_a_context(told, expected);
}

std::string prompt_of(const ChatRequest& request) {
  std::string prompt;
  for (const auto& message : request.messages) prompt += message.text;
  return prompt;
}

}  // namespace

OpenAiStream::OpenAiStream(std::shared_ptr<ChatCall> call)
    : call_(std::move(call)), reader_(call_->request.stop, call_->model->habits().begins_inside) {}

Async<std::optional<std::string>> OpenAiStream::next() {
  if (failed_) co_return std::unexpected(*failed_);
  if (ended_) co_return std::nullopt;
  auto piece = co_await read_on();
  if (!piece) {
    failed_ = piece.error();
    close(model::FinishReason::error);
  }
  co_return piece;
}

Async<std::optional<std::string>> OpenAiStream::read_on() {
  for (;;) {
    auto piece = reader_.take();
    if (!piece) co_return std::unexpected(call_->model->server().told(std::move(piece).error()));
    if (*piece) co_return shown(**std::move(piece));
    if (reader_.over()) {
      if (reader_.finished()) co_await read_out();
      close(reader_.finish_reason());
      co_return std::nullopt;
    }
    if (stop_asked_) {
      auto rest = reader_.cut();
      close(model::FinishReason::stopped_by_reader);
      co_return rest.empty() ? std::nullopt : std::optional(std::move(rest));
    }
    GIBSEY_CO_CHECK(reply_ ? co_await read() : co_await open());
  }
}

/// Connects and asks; a stop() meanwhile ends the wait.
Async<void> OpenAiStream::open() {
  const auto executor = co_await asio::this_coro::executor;
  const auto& patience = call_->model->options().patience;
  const auto until = std::min(Clock::now() + patience.connect + patience.first_token, call_->deadline.at());
  std::shared_ptr<PendingReply> pending;
  {
    const std::lock_guard lock(mutex_);
    if (stop_asked_) co_return Result<void>{};
    pending = pending_ = PendingReply::begin(executor, ask(call_));
  }
  auto reply = co_await pending->wait(until);
  const std::lock_guard lock(mutex_);
  pending_ = nullptr;
  if (stop_asked_) co_return Result<void>{};
  if (!reply) co_return std::unexpected(std::move(reply).error());
  reply_ = *std::move(reply);
  co_return Result<void>{};
}

Async<void> OpenAiStream::read() {
  if (reader_.heard() > heard_) reply_->heard();
  heard_ = reader_.heard();
  auto bytes = reader_.finished() ? co_await read_within(kLastBytes) : co_await reply_->read();
  if (bytes && *bytes) {
    reader_.feed(**bytes);
  } else if (bytes || reader_.finished()) {
    reader_.end();
  } else if (!stop_asked_) {
    co_return std::unexpected(call_->model->server().told(std::move(bytes).error()));
  }
  co_return Result<void>{};
}

asio::awaitable<void> OpenAiStream::read_out() {
  for (int reads = 0; reads < kMostReadsAfterEnd && !stop_asked_; ++reads) {
    const auto bytes = co_await read_within(kEndOfBody);
    if (!bytes || !*bytes) co_return;
  }
}

/// What comes later is not read any more.
Async<std::optional<std::string>> OpenAiStream::read_within(std::chrono::milliseconds time) {
  asio::steady_timer timer(co_await asio::this_coro::executor, time);
  timer.async_wait([reply = reply_](const boost::system::error_code& error) {
    if (!error) reply->cancel();
  });
  co_return co_await reply_->read();
}

void OpenAiStream::stop() {
  const std::lock_guard lock(mutex_);
  stop_asked_ = true;
  if (pending_) pending_->give_up();
  call_->unwanted.request_stop();
  if (reply_) reply_->cancel();
}

/// Where room was left for thoughts the bound of the reply itself is kept here, by estimate.
std::optional<std::string> OpenAiStream::shown(std::string piece) {
  text_ += piece;
  if (longer_than_asked()) close(model::FinishReason::length);
  return piece;
}

bool OpenAiStream::longer_than_asked() const {
  return needs_room_to_think(call_->habits) &&
         call_->model->tokens().count(text_) >= reply_tokens(call_->request, call_->model->options());
}

void OpenAiStream::close(model::FinishReason reason) {
  ended_ = true;
  generated_.finish_reason = reason;
  generated_.reasoning_characters = static_cast<int>(reader_.reasoning_characters());
  const auto told = reader_.usage();
  generated_.usage = told.value_or(estimated());
  generated_.usage_estimated = !told;
  if (told) learn(*told);
  call_->model->learn([&](ModelHabits& habits) {
    habits.thinks = habits.thinks || reader_.reasoning_characters() > 0;
    if (reader_.leaked()) habits.begins_inside = true;
    // It began inside, and nothing closed it: it had not begun there, or the tokens did not suffice.
    if (failed_ && reader_.finished() && !reader_.leaked()) habits.begins_inside = false;
  });
  const std::lock_guard lock(mutex_);
  reply_ = nullptr;
}

void OpenAiStream::learn(const model::TokenUsage& told) {
  auto& tokens = call_->model->tokens();
  const auto prompt = prompt_of(call_->request);
  const auto expected = tokens.count(prompt);
  generated_.prompt_was_cut = was_cut(told.prompt_tokens, expected);
  if (!generated_.prompt_was_cut) tokens.learn(prompt.size(), told.prompt_tokens);
}

model::TokenUsage OpenAiStream::estimated() const {
  const auto& tokens = call_->model->tokens();
  const auto written = static_cast<double>(reader_.heard()) / tokens.bytes_per_token();
  return {tokens.count(prompt_of(call_->request)), static_cast<int>(written + 0.999)};
}

}  // namespace gibsey::provider
