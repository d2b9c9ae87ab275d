#pragma once
#include "provider/chat_model.hpp"
#include "provider/llama/chat_prompt.hpp"
#include "provider/wakeup.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gibsey::provider {

/// What the engine's thread and the reader of one reply share. Its text is at most max_tokens long, so a slow reader costs
/// little and is never waited for.
class Reply {
 public:
  // The engine's side. Exactly one finish() or fail() ends a reply; later calls change nothing.
  void write(std::string_view text);
  void finish(Generated generated);
  void fail(Error error);
  [[nodiscard]] bool stop_asked() const { return stop_asked_; }

  // The reader's side.
  Async<std::optional<std::string>> read();
  [[nodiscard]] Generated generated();
  void ask_to_stop() { stop_asked_ = true; }

 private:
  Wakeup wakeup_;
  std::string text_;
  std::optional<Generated> generated_;
  std::optional<Error> error_;
  std::atomic<bool> stop_asked_ = false;
};

/// A reply before it has a sequence.
struct QueuedReply {
  std::shared_ptr<Reply> reply;
  ChatPrompt prompt;
  Sampling sampling;
  std::string opening;                             ///< what the reply begins with, at the end of the prompt
  std::optional<std::vector<std::string>> quotes;  ///< as ChatRequest has them
  std::vector<std::string> stop;
  int max_tokens = 0;
  std::string user_id;
  Deadline deadline = Deadline::never();
};

/// The stream that a reader holds.
[[nodiscard]] std::unique_ptr<TokenStream> stream_of(std::shared_ptr<Reply> reply);

}  // namespace gibsey::provider
