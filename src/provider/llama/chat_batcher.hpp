#pragma once
#include "provider/llama/chat_prompt.hpp"
#include "provider/llama/compute_threads.hpp"
#include "provider/llama/prefix_store.hpp"
#include "provider/llama/quote_lock.hpp"
#include "provider/llama/reply.hpp"
#include "provider/llama/sampler.hpp"
#include "provider/reply_text.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace gibsey::provider {

struct BatcherLimits {
  int cells = 4096;
  int sequences = 8;
  int prefix_sequences = 16;
  int prefill_chunk = 128;
  bool adapt_chunk = false;  ///< a large model: prompt pieces small enough that a step takes about a quarter of a second
  std::size_t prefix_bytes = 0;
};

/// Work done, for the engine's statistics. Read from any thread.
struct BatcherCounts {
  std::atomic<std::uint64_t> prompt_tokens = 0;
  std::atomic<std::uint64_t> reply_tokens = 0;
  std::atomic<std::uint64_t> prefix_hits = 0;
  std::atomic<std::uint64_t> prefix_misses = 0;
  std::atomic<double> prompt_rate = 0;
  std::atomic<double> decode_rate = 0;
  std::atomic<double> reply_seconds = 0;  ///< of a reply from admission to its end, a moving mean
};

/// Generates several replies at once over one KV cache. One step() evaluates one batch: the next token of each reply that is
/// running, and pieces of the prompts that are not yet read. Used on the engine's thread only.
class ChatBatcher {
 public:
  ChatBatcher(llama_context* context, ComputeThreads& threads, BatcherLimits limits);
  ~ChatBatcher();

  /// Takes the reply in and empties `queued`, if a sequence and enough cells are free; else leaves it.
  bool admit(QueuedReply& queued);
  [[nodiscard]] bool has_free_sequence() const { return !free_sequences_.empty(); }
  [[nodiscard]] bool idle() const { return slots_.empty(); }
  [[nodiscard]] int running() const { return static_cast<int>(slots_.size()); }
  [[nodiscard]] int running_of(const std::string& user_id) const;
  void step();
  /// Ends all replies with this error.
  void fail_all(const Error& error);

  [[nodiscard]] const BatcherCounts& counts() const { return counts_; }

 private:
  struct Slot;

  void end_stopped();
  void fork(Slot& slot);
  void add_next_tokens();
  void add_prompts();
  int add_prefix_piece(Prefix& prefix, int budget);
  int add_prompt_piece(Slot& slot, int budget);
  [[nodiscard]] int prompt_budget() const;
  [[nodiscard]] bool evaluate();
  void sample();
  void choose_token(Slot& slot, const float* logits);
  bool put_in(Slot& slot, const QuoteLock::Judged& judged);
  void take_token(Slot& slot, llama_token token);
  void show(Slot& slot, std::string text);
  void finish(Slot& slot, model::FinishReason reason);
  void free_cells_of(Slot& slot);
  void remove_ended();
  void note_rates(double seconds, int prompt_tokens, int decode_tokens);

  llama_context* context_;
  ComputeThreads& threads_;
  llama_memory_t memory_;
  const llama_vocab* vocab_;
  BatcherLimits limits_;
  bool can_fork_;
  PrefixStore prefixes_;
  std::vector<bool> no_marks_;  ///< for tokenize_without: every token may stand in a quotation
  Batch batch_;
  std::vector<llama_seq_id> free_sequences_;
  std::vector<std::unique_ptr<Slot>> slots_;  ///< in the order of admission
  int reserved_cells_ = 0;                    ///< of the slots, without their prefixes
  BatcherCounts counts_;
};

}  // namespace gibsey::provider
