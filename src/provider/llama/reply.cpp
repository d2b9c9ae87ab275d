#include "provider/llama/reply.hpp"

namespace gibsey::provider {
namespace {

class ReplyStream : public TokenStream {
 public:
  explicit ReplyStream(std::shared_ptr<Reply> reply) : reply_(std::move(reply)) {}
  ~ReplyStream() override { reply_->ask_to_stop(); }

  Async<std::optional<std::string>> next() override { return reply_->read(); }
  [[nodiscard]] Generated generated() const override { return reply_->generated(); }
  void stop() override { reply_->ask_to_stop(); }

 private:
  std::shared_ptr<Reply> reply_;
};

}  // namespace

void Reply::write(std::string_view text) {
  if (text.empty()) return;
  const std::lock_guard lock(wakeup_.mutex());
  text_ += text;
  wakeup_.notify();
}

void Reply::finish(Generated generated) {
  const std::lock_guard lock(wakeup_.mutex());
  if (generated_ || error_) return;
  generated_ = generated;
  wakeup_.notify();
}

void Reply::fail(Error error) {
  const std::lock_guard lock(wakeup_.mutex());
  if (generated_ || error_) return;
  error_ = std::move(error);
  wakeup_.notify();
}

Async<std::optional<std::string>> Reply::read() {
  const bool ready = co_await wakeup_.wait([this] { return !text_.empty() || generated_ || error_; });
  if (!ready) co_return gibsey::fail(ErrorCode::cancelled, "reading the reply was cancelled");
  const std::lock_guard lock(wakeup_.mutex());
  if (!text_.empty()) co_return std::exchange(text_, {});
  if (error_) co_return std::unexpected(*error_);
  co_return std::nullopt;
}

Generated Reply::generated() {
  const std::lock_guard lock(wakeup_.mutex());
  return generated_.value_or(Generated{model::FinishReason::error, {}});
}

std::unique_ptr<TokenStream> stream_of(std::shared_ptr<Reply> reply) {
  return std::make_unique<ReplyStream>(std::move(reply));
}

}  // namespace gibsey::provider
