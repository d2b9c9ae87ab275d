#include "provider/llama/chat_batcher.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace gibsey::provider {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kBatchTokens = 512;
constexpr double kLargeModelStepSeconds = 0.25;
/// A quarter of the cells may hold prefixes that nobody uses just now: attention goes over every cell in use, so seven idle
/// characters of 530 tokens doubled the time of every prompt, and to copy one back from memory takes far less.
constexpr int kIdlePart = 4;
/// llama.cpp's answer when the abort callback said so.
constexpr int kAborted = 2;
/// Tokens with a quotation mark that are passed over at one place; a reply that wants nothing else ends there.
constexpr std::size_t kMostRefused = 24;
/// Weight of the newest value in a moving mean.
constexpr double kNewest = 0.1;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

void blend(std::atomic<double>& mean, double value) {
  const double old = mean;
  mean = old == 0 ? value : old + kNewest * (value - old);
}

/// The state of a part of a sequence can be copied and cut only where it is kept token by token.
bool keeps_each_token(const llama_model* model) {
  return !llama_model_is_recurrent(model) && !llama_model_is_hybrid(model);
}

}  // namespace

struct ChatBatcher::Slot {
  Slot(QueuedReply queued, llama_seq_id seq, const llama_vocab* vocab)
      : sequence(seq),
        request(std::move(queued)),
        prompt_tokens(request.prompt.size()),
        sampler(vocab, request.sampling),
        text(std::move(request.stop)) {
    const auto& rest = request.prompt.rest;
    for (auto i = rest.size() - static_cast<std::size_t>(request.prompt.opening_tokens); i < rest.size(); ++i)
      sampler.wrote(rest[i]);
    if (request.quotes) lock.emplace(std::move(*request.quotes));
    if (lock) lock->wrote(request.opening);
  }

  [[nodiscard]] bool waits_for_prefix() const { return prefix != nullptr && !forked; }
  [[nodiscard]] bool reads_prompt() const { return prompt_read < static_cast<int>(request.prompt.rest.size()); }

  llama_seq_id sequence;
  QueuedReply request;
  int prompt_tokens;  ///< `rest` grows by the quotations that are put in
  Sampler sampler;
  std::optional<QuoteLock> lock;
  ReplyText text;
  Prefix* prefix = nullptr;
  bool forked = false;
  int position = 0;            ///< of the next token in the sequence
  int prompt_read = 0;         ///< tokens of `rest` that have been put into a batch
  llama_token next_token = 0;  ///< chosen, not yet evaluated
  int output = -1;             ///< index of its logits in the batch of this step
  int written = 0;             ///< tokens of the reply
  int reserved = 0;
  bool wrote_text = false;
  bool ended = false;
  Clock::time_point started = Clock::now();
};

ChatBatcher::ChatBatcher(llama_context* context, ComputeThreads& threads, BatcherLimits limits)
    : context_(context),
      threads_(threads),
      memory_(llama_get_memory(context)),
      vocab_(llama_model_get_vocab(llama_get_model(context))),
      limits_(limits),
      can_fork_(keeps_each_token(llama_get_model(context))),
      prefixes_(context, limits.sequences, limits.prefix_sequences, limits.prefix_bytes),
      no_marks_(static_cast<std::size_t>(llama_vocab_n_tokens(vocab_)), false),
      batch_(kBatchTokens, 1) {
  for (int i = limits.sequences - 1; i >= 0; --i) free_sequences_.push_back(i);
}

ChatBatcher::~ChatBatcher() = default;

int ChatBatcher::running_of(const std::string& user_id) const {
  return static_cast<int>(std::ranges::count_if(slots_, [&](const auto& slot) { return slot->request.user_id == user_id; }));
}

bool ChatBatcher::admit(QueuedReply& queued) {
  if (free_sequences_.empty()) return false;
  auto& prompt = queued.prompt;
  if (!can_fork_) {
    prompt.prefix.insert(prompt.prefix.end(), prompt.rest.begin(), prompt.rest.end());
    prompt.rest = std::exchange(prompt.prefix, {});
  }
  auto* known = prompt.prefix.empty() ? nullptr : prefixes_.find(prompt.prefix);
  const int own = static_cast<int>(prompt.rest.size()) + queued.max_tokens;
  const int prefix_cells = known != nullptr && known->resident() ? 0 : static_cast<int>(prompt.prefix.size());
  const auto missing = [&] { return own + prefix_cells - (limits_.cells - reserved_cells_ - prefixes_.cells()); };
  const int idle_too_many = prefixes_.idle_cells(known) - limits_.cells / kIdlePart;
  prefixes_.make_room(std::max(missing(), idle_too_many), known);
  if (missing() > 0) return false;

  Prefix* prefix = nullptr;
  if (!prompt.prefix.empty()) {
    prefix = prefixes_.acquire(prompt.prefix);
    if (prefix == nullptr) return false;
    ++(prefix->ready() ? counts_.prefix_hits : counts_.prefix_misses);
  }
  auto slot = std::make_unique<Slot>(std::move(queued), free_sequences_.back(), vocab_);
  free_sequences_.pop_back();
  slot->prefix = prefix;
  slot->reserved = own;
  reserved_cells_ += own;
  slots_.push_back(std::move(slot));
  return true;
}

void ChatBatcher::step() {
  end_stopped();
  batch_.clear();
  add_next_tokens();
  const int decode_tokens = batch_.size();
  add_prompts();
  if (batch_.size() == 0) return;
  const auto start = Clock::now();
  if (evaluate()) {
    sample();
    note_rates(seconds_since(start), batch_.size() - decode_tokens, decode_tokens);
  }
  remove_ended();
}

void ChatBatcher::end_stopped() {
  for (auto& slot : slots_) {
    if (slot->request.reply->stop_asked()) {
      finish(*slot, model::FinishReason::stopped_by_reader);
    } else if (slot->request.deadline.passed()) {
      slot->request.reply->fail({ErrorCode::deadline, "the reply was not finished in the time allowed"});
      slot->ended = true;
    }
  }
  remove_ended();
}

void ChatBatcher::add_next_tokens() {
  for (auto& slot : slots_) {
    slot->output = -1;
    if (slot->waits_for_prefix() && slot->prefix->ready()) fork(*slot);
    if (slot->waits_for_prefix() || slot->reads_prompt()) continue;
    slot->output = batch_.add(slot->next_token, slot->position++, slot->sequence, true);
  }
}

void ChatBatcher::fork(Slot& slot) {
  const auto length = static_cast<int>(slot.prefix->tokens.size());
  llama_memory_seq_cp(memory_, slot.prefix->sequence, slot.sequence, 0, length);
  slot.position = length;
  slot.forked = true;
}

int ChatBatcher::prompt_budget() const {
  // The same when no reply is running: a stop, a shutdown or a question to embed waits for the end of a step, and larger
  // pieces are no faster (64 to 512 tokens: 275 to 330 tokens/s on one core, within the noise).
  int budget = limits_.prefill_chunk;
  const double rate = counts_.prompt_rate;
  if (limits_.adapt_chunk && rate > 0) budget = std::clamp(static_cast<int>(rate * kLargeModelStepSeconds), 16, budget);
  return std::min(budget, batch_.room());
}

void ChatBatcher::add_prompts() {
  int budget = prompt_budget();
  for (auto& slot : slots_) {
    if (budget <= 0) return;
    if (slot->waits_for_prefix()) {
      budget -= add_prefix_piece(*slot->prefix, budget);
    } else if (slot->reads_prompt()) {
      budget -= add_prompt_piece(*slot, budget);
    }
  }
}

int ChatBatcher::add_prefix_piece(Prefix& prefix, int budget) {
  const int count = std::min(budget, static_cast<int>(prefix.tokens.size()) - prefix.evaluated);
  for (int i = 0; i < count; ++i) {
    batch_.add(prefix.tokens[static_cast<std::size_t>(prefix.evaluated)], prefix.evaluated, prefix.sequence, false);
    ++prefix.evaluated;
  }
  return count;
}

int ChatBatcher::add_prompt_piece(Slot& slot, int budget) {
  const auto& rest = slot.request.prompt.rest;
  const int count = std::min(budget, static_cast<int>(rest.size()) - slot.prompt_read);
  for (int i = 0; i < count; ++i) {
    const auto token = rest[static_cast<std::size_t>(slot.prompt_read++)];
    const int index = batch_.add(token, slot.position++, slot.sequence, !slot.reads_prompt());
    if (!slot.reads_prompt()) slot.output = index;
  }
  return count;
}

bool ChatBatcher::evaluate() {
  const int result = threads_.run([this] { return llama_decode(context_, batch_.raw()); });
  if (result == 0) return true;
  // Cells are reserved before a reply is taken in, so this is a failure of the computation; what is in the context is not
  // known any more.
  fail_all(result == kAborted ? Error{ErrorCode::cancelled, "the engine is shutting down"}
                              : Error{ErrorCode::unavailable, "the model could not evaluate this text; ask again"});
  return false;
}

void ChatBatcher::sample() {
  for (auto& slot : slots_) {
    if (slot->output >= 0) choose_token(*slot, llama_get_logits_ith(context_, slot->output));
  }
}

void ChatBatcher::choose_token(Slot& slot, const float* logits) {
  std::vector<llama_token> refused;
  while (refused.size() < kMostRefused) {
    const auto token = slot.sampler.choose(logits, refused);
    if (!slot.lock) return take_token(slot, token);
    const auto judged = slot.lock->judge(token_bytes(vocab_, token));
    if (judged.verdict == QuoteLock::Verdict::pass) return take_token(slot, token);
    if (judged.verdict == QuoteLock::Verdict::quote && put_in(slot, judged)) return;
    refused.push_back(token);
  }
  finish(slot, model::FinishReason::stop);
}

/// The quotation is read like a piece of the prompt, at the speed of one. False: the reply has no room for it.
bool ChatBatcher::put_in(Slot& slot, const QuoteLock::Judged& judged) {
  const auto tokens = tokenize_without(vocab_, judged.text, no_marks_);
  if (tokens.empty() || slot.written + static_cast<int>(tokens.size()) >= slot.request.max_tokens) return false;
  auto& rest = slot.request.prompt.rest;
  rest.insert(rest.end(), tokens.begin(), tokens.end());
  for (const auto token : tokens) slot.sampler.wrote(token);
  slot.written += static_cast<int>(tokens.size());
  counts_.reply_tokens += tokens.size();
  slot.lock->quoted(judged);
  show(slot, slot.text.add(judged.text));
  if (slot.text.stopped()) finish(slot, model::FinishReason::stop);
  return true;
}

void ChatBatcher::take_token(Slot& slot, llama_token token) {
  if (llama_vocab_is_eog(vocab_, token) || llama_vocab_is_control(vocab_, token)) {
    finish(slot, model::FinishReason::stop);
    return;
  }
  slot.next_token = token;
  slot.sampler.wrote(token);
  ++slot.written;
  ++counts_.reply_tokens;
  const auto bytes = token_bytes(vocab_, token);
  if (slot.lock) slot.lock->wrote(bytes);
  show(slot, slot.text.add(bytes));
  if (slot.text.stopped()) {
    finish(slot, model::FinishReason::stop);
  } else if (slot.written >= slot.request.max_tokens) {
    finish(slot, model::FinishReason::length);
  }
}

void ChatBatcher::show(Slot& slot, std::string text) {
  if (text.empty()) return;
  if (!slot.wrote_text && slot.request.prompt.skip_space && text.front() == ' ') text.erase(0, 1);
  slot.wrote_text = true;
  slot.request.reply->write(text);
}

void ChatBatcher::finish(Slot& slot, model::FinishReason reason) {
  show(slot, slot.text.finish());
  slot.request.reply->finish({reason, {slot.prompt_tokens, slot.written}});
  slot.ended = true;
}

void ChatBatcher::free_cells_of(Slot& slot) {
  llama_memory_seq_rm(memory_, slot.sequence, -1, -1);
  free_sequences_.push_back(slot.sequence);
  reserved_cells_ -= slot.reserved;
  if (slot.prefix != nullptr) prefixes_.release(*slot.prefix);
}

void ChatBatcher::remove_ended() {
  for (auto& slot : slots_) {
    if (!slot->ended) continue;
    free_cells_of(*slot);
    blend(counts_.reply_seconds, seconds_since(slot->started));
  }
  std::erase_if(slots_, [](const auto& slot) { return slot->ended; });
}

void ChatBatcher::fail_all(const Error& error) {
  for (auto& slot : slots_) {
    slot->request.reply->fail(error);
    auto* prefix = slot->prefix;
    free_cells_of(*slot);
    // Its evaluation may have been cut in the middle of the batch that failed.
    if (prefix != nullptr && prefix->users == 0) prefixes_.forget(*prefix);
  }
  slots_.clear();
}

void ChatBatcher::note_rates(double seconds, int prompt_tokens, int decode_tokens) {
  counts_.prompt_tokens += static_cast<std::uint64_t>(prompt_tokens);
  if (seconds <= 0) return;
  if (prompt_tokens > 0) {
    blend(counts_.prompt_rate, prompt_tokens / seconds);
  } else {
    blend(counts_.decode_rate, decode_tokens / seconds);
  }
}

}  // namespace gibsey::provider
