#include "provider/scripted/scripted_model.hpp"

#include "provider/reply_text.hpp"
#include "provider/wakeup.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <deque>

namespace gibsey::provider {

using Clock = std::chrono::steady_clock;

/// What all streams of one script share: the places that bound how many run, and the queue for them.
struct ScriptedModel::Stage {
  explicit Stage(ScriptedOptions given) : options(std::move(given)) {}

  const ScriptedOptions options;
  std::mutex mutex;
  std::size_t turn = 0;  ///< in the rotation of replies without a match
  int running = 0;
  std::deque<std::shared_ptr<Wakeup>> queue;  ///< in front: next to run

  /// The reply for a last message.
  const ScriptedReply& choose(const std::string& last_message) {
    for (const auto& reply : options.replies) {
      if (!reply.match.empty() && last_message.find(reply.match) != std::string::npos) return reply;
    }
    std::vector<const ScriptedReply*> rotation;
    for (const auto& reply : options.replies) {
      if (reply.match.empty()) rotation.push_back(&reply);
    }
    const std::lock_guard lock(mutex);
    return rotation.empty() ? options.replies.front() : *rotation[turn++ % rotation.size()];
  }
};

namespace {

/// A place on the stage, or a wait for one. Given back when it goes.
class Seat {
 public:
  using Stage = ScriptedModel::Stage;

  /// Empty when the queue is full.
  static std::unique_ptr<Seat> take(std::shared_ptr<Stage> stage) {
    auto seat = std::unique_ptr<Seat>(new Seat(std::move(stage)));
    const std::lock_guard lock(seat->stage_->mutex);
    const auto& options = seat->stage_->options;
    if (options.max_running <= 0 || seat->stage_->running < options.max_running) {
      ++seat->stage_->running;
      seat->state_ = State::running;
    } else if (static_cast<int>(seat->stage_->queue.size()) < options.max_queue) {
      seat->stage_->queue.push_back(seat->wakeup_);
      seat->state_ = State::waiting;
    } else {
      return nullptr;
    }
    return seat;
  }

  ~Seat() { leave(); }
  Seat(const Seat&) = delete;
  Seat& operator=(const Seat&) = delete;

  /// Whether it may run now; a seat whose turn has come is taken by this call.
  bool ready() {
    {
      const std::lock_guard lock(stage_->mutex);
      if (state_ == State::running) return true;
      if (stage_->queue.empty() || stage_->queue.front() != wakeup_ || stage_->running >= stage_->options.max_running)
        return false;
      stage_->queue.pop_front();
      ++stage_->running;
      state_ = State::running;
    }
    // Two places may have become free while only the front of the queue was told.
    call_next();
    return true;
  }

  void leave() {
    {
      const std::lock_guard lock(stage_->mutex);
      if (state_ == State::running) --stage_->running;
      if (state_ == State::waiting) std::erase(stage_->queue, wakeup_);
      state_ = State::gone;
    }
    call_next();
  }

  const std::shared_ptr<Wakeup>& wakeup() const { return wakeup_; }

 private:
  enum class State { running, waiting, gone };
  explicit Seat(std::shared_ptr<Stage> stage) : stage_(std::move(stage)) {}

  /// Wakeups are locked in the order of the queue, and the stage after them, so nobody waits in a circle.
  void call_next() {
    std::shared_ptr<Wakeup> next;
    {
      const std::lock_guard lock(stage_->mutex);
      if (!stage_->queue.empty() && stage_->running < stage_->options.max_running) next = stage_->queue.front();
    }
    if (!next) return;
    const std::lock_guard lock(next->mutex());
    next->notify();
  }

  std::shared_ptr<Stage> stage_;
  std::shared_ptr<Wakeup> wakeup_ = std::make_shared<Wakeup>();
  State state_ = State::gone;
};

class ScriptedStream final : public TokenStream {
 public:
  ScriptedStream(std::unique_ptr<Seat> seat, const ScriptedReply& reply, ChatRequest request, int prompt_tokens)
      : seat_(std::move(seat)),
        wakeup_(seat_->wakeup()),
        reply_(reply),
        text_(request.stop),
        deadline_(request.deadline),
        limit_(request.max_tokens) {
    generated_.usage.prompt_tokens = prompt_tokens;
  }

  Async<std::optional<std::string>> next() override {
    while (!ended_) {
      GIBSEY_CO_TRY(auto piece, co_await next_chunk());
      if (!piece.empty()) co_return piece;
    }
    auto rest = text_.finish();
    if (!rest.empty()) co_return rest;
    co_return std::optional<std::string>();
  }

  [[nodiscard]] Generated generated() const override { return generated_; }

  void stop() override {
    stop_asked_ = true;
    const std::lock_guard lock(wakeup_->mutex());
    wakeup_->notify();
  }

 private:
  /// The text that the next chunk lets out, maybe none; sets ended_.
  Async<std::string> next_chunk() {
    if (!began_) {
      // The seat's own lock is taken inside ready(): always after the wakeup's.
      if (!co_await wakeup_->wait([this] { return stop_asked_ || seat_->ready(); }, deadline_.at())) co_return cancelled();
      began_ = true;
      due_ = Clock::now() + reply_.first_token;
    }
    if (reply_.failure && chunk_ == static_cast<std::size_t>(std::max(0, reply_.failure->after_chunks))) {
      end(model::FinishReason::error);
      co_return std::unexpected(Error{reply_.failure->code, reply_.failure->message});
    }
    if (chunk_ == reply_.chunks.size()) {
      end(reply_.finish);
      co_return std::string();
    }
    due_ += reply_.chunks[chunk_].delay;
    if (!co_await wakeup_->wait([this] { return stop_asked_.load() || Clock::now() >= due_; }, std::min(due_, deadline_.at())))
      co_return cancelled();
    if (stop_asked_) {
      end(model::FinishReason::stopped_by_reader);
      co_return std::string();
    }
    if (deadline_.passed()) {
      end(model::FinishReason::error);
      co_return fail(ErrorCode::deadline, "the reply took longer than it may");
    }
    auto piece = text_.add(reply_.chunks[chunk_++].text);
    ++generated_.usage.completion_tokens;
    if (text_.stopped()) {
      end(model::FinishReason::stop);
    } else if (generated_.usage.completion_tokens >= limit_ && chunk_ < reply_.chunks.size()) {
      end(model::FinishReason::length);
    }
    co_return piece;
  }

  Result<std::string> cancelled() {
    end(model::FinishReason::error);
    return fail(ErrorCode::cancelled, "the reply was given up");
  }

  void end(model::FinishReason reason) {
    ended_ = true;
    generated_.finish_reason = reason;
    seat_->leave();
  }

  std::unique_ptr<Seat> seat_;
  std::shared_ptr<Wakeup> wakeup_;
  const ScriptedReply& reply_;  ///< of the stage that the seat is on
  ReplyText text_;
  Deadline deadline_;
  int limit_;
  bool began_ = false;
  bool ended_ = false;
  std::size_t chunk_ = 0;
  Clock::time_point due_;
  Generated generated_;
  std::atomic<bool> stop_asked_ = false;
};

}  // namespace

ScriptedModel::ScriptedModel(ScriptedOptions options) : stage_(std::make_shared<Stage>(std::move(options))) {}
ScriptedModel::~ScriptedModel() = default;

ScriptedReply ScriptedModel::steady(int tokens, double tokens_per_second) {
  ScriptedReply reply;
  const std::chrono::milliseconds delay(tokens_per_second > 0 ? static_cast<int>(1000 / tokens_per_second) : 0);
  for (int i = 0; i < tokens; ++i) reply.chunks.push_back({fmt::format("{}word{}", i == 0 ? "" : " ", i), delay});
  return reply;
}

Async<std::unique_ptr<TokenStream>> ScriptedModel::start(ChatRequest request) {
  if (request.messages.empty()) co_return fail(ErrorCode::invalid_argument, "there is no message to answer");
  auto seat = Seat::take(stage_);
  if (seat == nullptr) co_return fail(ErrorCode::busy, "the model's queue is full; try again in a moment");
  const auto& reply = stage_->choose(request.messages.back().text);
  int tokens = 0;
  for (const auto& message : request.messages) tokens += count_tokens(message.text);
  co_return std::make_unique<ScriptedStream>(std::move(seat), reply, std::move(request), tokens);
}

std::string ScriptedModel::model() const {
  return stage_->options.name;
}
bool ScriptedModel::supports_opening() const {
  return stage_->options.supports_opening;
}
int ScriptedModel::context_tokens() const {
  return stage_->options.context_tokens;
}
bool ScriptedModel::is_small() const {
  return stage_->options.is_small;
}
int ScriptedModel::count_tokens(const std::string& text) const {
  return static_cast<int>((text.size() + 3) / 4);
}

int ScriptedModel::running() const {
  const std::lock_guard lock(stage_->mutex);
  return stage_->running;
}

int ScriptedModel::queued() const {
  const std::lock_guard lock(stage_->mutex);
  return static_cast<int>(stage_->queue.size());
}

}  // namespace gibsey::provider
