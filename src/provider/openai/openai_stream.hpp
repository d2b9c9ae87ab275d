#pragma once
#include "provider/chat_model.hpp"
#include "provider/openai/chat_call.hpp"
#include "provider/openai/completion_reader.hpp"
#include "provider/openai/pending_reply.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace gibsey::provider {

/// A reply of an OpenAI-compatible server. The first next() sends the request, so that a stop() ends the wait for the head of the
/// answer too, and closes the connection.
class OpenAiStream final : public TokenStream {
 public:
  explicit OpenAiStream(std::shared_ptr<ChatCall> call);

  /// Errors besides those of TokenStream: busy, forbidden, not_found. The same again after an error.
  Async<std::optional<std::string>> next() override;
  [[nodiscard]] Generated generated() const override { return generated_; }
  void stop() override;

 private:
  Async<std::optional<std::string>> read_on();
  Async<void> open();
  Async<void> read();
  Async<std::optional<std::string>> read_within(std::chrono::milliseconds time);
  boost::asio::awaitable<void> read_out();
  std::optional<std::string> shown(std::string piece);
  [[nodiscard]] bool longer_than_asked() const;
  void close(model::FinishReason reason);
  void learn(const model::TokenUsage& told);
  [[nodiscard]] model::TokenUsage estimated() const;

  std::shared_ptr<ChatCall> call_;
  CompletionReader reader_;
  std::size_t heard_ = 0;
  std::string text_;  ///< told so far
  bool ended_ = false;
  std::optional<Error> failed_;
  Generated generated_;
  std::atomic<bool> stop_asked_ = false;
  std::mutex mutex_;  ///< for stop(): guards the two pointers
  std::shared_ptr<PendingReply> pending_;
  std::shared_ptr<UpstreamReply> reply_;
};

}  // namespace gibsey::provider
