#pragma once
#include "provider/chat_model.hpp"

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gibsey::provider {

struct ScriptedChunk {
  std::string text;
  std::chrono::milliseconds delay{0};  ///< after the chunk before it
};

struct ScriptedFailure {
  int after_chunks = 0;
  ErrorCode code = ErrorCode::unavailable;
  std::string message;
};

struct ScriptedReply {
  std::string match;  ///< chosen where the last message holds this; empty: in rotation with the other empty ones
  std::chrono::milliseconds first_token{0};
  std::vector<ScriptedChunk> chunks;
  std::optional<ScriptedFailure> failure;
  model::FinishReason finish = model::FinishReason::stop;
};

struct ScriptedOptions {
  std::vector<ScriptedReply> replies;  ///< at least one
  std::string name = "script";
  bool supports_opening = false;
  bool is_small = false;
  int context_tokens = 8192;
  int max_running = 0;  ///< replies at once, 0: no bound
  int max_queue = 64;   ///< waiting behind them; past it start() gives busy
};

/// A provider that replays a script with its timing, under the same rules as a real one: queue bound, stop, deadline,
/// stop strings, max_tokens (a chunk counts one token). Safe to call from any executor.
class ScriptedModel : public ChatModel {
 public:
  explicit ScriptedModel(ScriptedOptions options);
  ~ScriptedModel() override;
  /// Reads a script:
  ///   {"name"?, "supports_opening"?, "is_small"?, "context_tokens"?, "max_running"?, "max_queue"?,
  ///    "replies": [{"match"?, "first_token_ms"?, "chunks": ["text" or {"text", "delay_ms"?}, ...],
  ///                 "tokens"?, "tokens_per_second"?, "error"?: {"after_chunks", "code", "message"}, "finish"?}]}
  /// "tokens" with "tokens_per_second" stands for `steady` and takes the place of "chunks".
  /// Errors: not_found, corrupt (the message names the place).
  static Result<std::unique_ptr<ScriptedModel>> load(const std::filesystem::path& file);
  /// A reply of `tokens` words at an even rate (0: no delay).
  static ScriptedReply steady(int tokens, double tokens_per_second);

  Async<std::unique_ptr<TokenStream>> start(ChatRequest request) override;
  [[nodiscard]] std::string provider() const override { return "scripted"; }
  [[nodiscard]] std::string model() const override;
  [[nodiscard]] bool in_process() const override { return true; }
  [[nodiscard]] bool supports_opening() const override;
  [[nodiscard]] int context_tokens() const override;
  [[nodiscard]] bool is_small() const override;
  /// A quarter of the characters, rounded up.
  [[nodiscard]] int count_tokens(const std::string& text) const override;

  [[nodiscard]] int running() const;
  [[nodiscard]] int queued() const;

  struct Stage;  ///< what the streams share

 private:
  std::shared_ptr<Stage> stage_;
};

}  // namespace gibsey::provider
