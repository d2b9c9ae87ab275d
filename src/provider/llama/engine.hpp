#pragma once
#include "provider/chat_model.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace gibsey::provider {

struct EngineOptions {
  std::filesystem::path chat_model_path;       ///< GGUF with a chat template; empty: the engine does not talk
  std::filesystem::path embedding_model_path;  ///< GGUF of an embedding model; empty: the engine does not embed
  int context_cells = 0;       ///< tokens kept over all replies and kept prefixes; 0: 4096 for a small model, else 8192
  int max_sequences = 8;       ///< replies generated at once
  int threads = 0;             ///< at most; 0: one a processor. Fewer while other programs want the processors
  int max_queue = 64;          ///< replies waiting for a sequence; past it start() gives busy
  int prefill_chunk = 128;     ///< prompt tokens in one step, and so between two tokens of the replies that are running
  int embedding_tokens = 256;  ///< a text is cut to this length (what all-MiniLM-L6-v2 was made for)
  std::size_t prefix_bytes = 128U << 20U;  ///< memory for the state of prefixes that are not in the context just now
};

/// A snapshot; rates are over the last few seconds of work.
struct EngineStats {
  int queued = 0;
  int running = 0;
  double prompt_tokens_per_second = 0;
  double decode_tokens_per_second = 0;  ///< over all replies together
  double expected_wait_seconds = 0;     ///< of a request that comes now, until its prompt is begun
  std::uint64_t prompt_tokens = 0;      ///< evaluated since the start; tokens taken from a kept prefix are not in it
  std::uint64_t reply_tokens = 0;
  std::uint64_t prefix_hits = 0;
  std::uint64_t prefix_misses = 0;
  std::uint64_t texts_embedded = 0;
};

/// What a loaded chat model is; fixed after open().
struct ChatModelFacts {
  std::string name;
  std::uint64_t parameters = 0;
  int context_tokens = 0;  ///< prompt and reply of one request
};

/// llama.cpp in this process: one thread decodes and embeds questions in turns, another one, which gives way to it, embeds books.
/// Replies that run at once are batched over one KV cache; the state of stable prefixes is kept and forked. Thread-safe. Streams
/// may outlive the engine: its destructor ends the thread, and every waiting reader gets `cancelled`.
class LlamaEngine {
 public:
  /// Errors: not_found (no such file), corrupt (not a GGUF, or damaged), invalid_argument (not a model of the kind asked
  /// for), too_large (more memory than this machine has free). Takes as long as reading the files.
  static Result<std::unique_ptr<LlamaEngine>> open(EngineOptions options);
  ~LlamaEngine();
  LlamaEngine(const LlamaEngine&) = delete;
  LlamaEngine& operator=(const LlamaEngine&) = delete;

  [[nodiscard]] bool can_chat() const;
  [[nodiscard]] bool can_embed() const;

  /// Queues a reply. Does not wait. Errors: busy, unavailable (no chat model, or shutting down), too_large,
  /// invalid_argument (no messages).
  Result<std::unique_ptr<TokenStream>> submit(ChatRequest request);
  /// One vector of unit length a text, behind all that readers wait for. Errors: unavailable, cancelled.
  boost::asio::awaitable<Result<std::vector<std::vector<float>>>> embed(std::vector<std::string> texts);
  /// The same between two tokens of the replies that are being generated: for readers who wait.
  boost::asio::awaitable<Result<std::vector<std::vector<float>>>> embed_questions(std::vector<std::string> texts);

  [[nodiscard]] const ChatModelFacts& chat_model() const;
  [[nodiscard]] const std::string& embedding_model() const;  ///< lower case, as "all-minilm-l6-v2"
  [[nodiscard]] int embedding_dimension() const;
  [[nodiscard]] int count_tokens(const std::string& text) const;
  [[nodiscard]] EngineStats stats() const;

 private:
  struct Parts;
  explicit LlamaEngine(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace gibsey::provider
