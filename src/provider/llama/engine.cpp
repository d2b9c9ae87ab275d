#include "provider/llama/engine.hpp"

#include "base/log.hpp"
#include "provider/llama/background_embedder.hpp"
#include "provider/llama/chat_batcher.hpp"
#include "provider/llama/chat_context.hpp"
#include "provider/llama/compute_threads.hpp"
#include "provider/llama/model_file.hpp"
#include "provider/llama/text_embedder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <condition_variable>
#include <deque>
#include <thread>

namespace gibsey::provider {
namespace {

bool abort_asked(void* flag) {
  return static_cast<std::atomic<bool>*>(flag)->load(std::memory_order_relaxed);
}

std::string lower_case(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

Result<ContextHandle> make_context(llama_model& model, const llama_context_params& params, const std::string& name) {
  ContextHandle context(llama_init_from_model(&model, params));
  if (!context)
    return fail(ErrorCode::too_large, fmt::format("there is not enough memory to run {}; take a smaller model", name));
  return context;
}

}  // namespace

/// Members are destroyed in reverse: the thread must have ended before (~LlamaEngine does it).
struct LlamaEngine::Parts {
  ~Parts() { stopping = true; }

  EngineOptions options;
  std::atomic<bool> stopping = false;
  std::unique_ptr<ComputeThreads> threads;
  ModelHandle chat_model;
  ModelHandle embedding_model;
  ContextHandle chat_context;
  ContextHandle question_context;
  ChatModelFacts facts;
  std::string embedding_name;
  int embedding_dimension = 0;
  std::optional<ChatTemplate> chat_template;
  std::unique_ptr<ChatBatcher> batcher;
  std::unique_ptr<TextEmbedder> questions;
  std::unique_ptr<BackgroundEmbedder> books;

  std::atomic<int> running = 0;
  mutable std::mutex mutex;  ///< guards the two queues below
  std::condition_variable work_came;
  std::deque<QueuedReply> queue;
  std::vector<std::shared_ptr<EmbeddingJob>> new_jobs;
  std::thread thread;

  Result<void> open_chat();
  Result<void> load_chat(const std::filesystem::path& file, const llama_context_params& params, int gpu_layers);
  Result<void> open_embedding();
  [[nodiscard]] int most_threads() const;
  [[nodiscard]] llama_context_params on_this_thread(llama_context_params params);

  void run();
  [[nodiscard]] bool wait_for_work();
  void admit();
  void drop_ended_from_queue();
  [[nodiscard]] std::deque<QueuedReply>::iterator fairest();
  void end_all();
};

int LlamaEngine::Parts::most_threads() const {
  return options.threads > 0 ? options.threads : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

/// What a context needs to be run by this engine's thread.
llama_context_params LlamaEngine::Parts::on_this_thread(llama_context_params params) {
  params.n_threads = threads->threads();
  params.n_threads_batch = params.n_threads;
  params.abort_callback = abort_asked;
  params.abort_callback_data = &stopping;
  params.no_perf = true;
  return params;
}

Result<void> LlamaEngine::Parts::open_chat() {
  const auto& path = options.chat_model_path;
  GIBSEY_TRY(const auto head, read_gguf(path));
  GIBSEY_CHECK(check_talks(head, path));
  const auto size = chat_size(head.parameters, head.context_tokens, options.context_cells);
  const auto params = on_this_thread(chat_context_params(size.cells, options.max_sequences));
  GIBSEY_TRY(const auto placement, place_model(path, head, params));
  if (!placement.note.empty()) log::info("{}", placement.note);
  GIBSEY_CHECK(load_chat(path, params, placement.gpu_layers));
  facts.name = model_name(*chat_model, path);
  facts.parameters = llama_model_n_params(chat_model.get());
  facts.context_tokens = size.context_tokens;
  threads->attach(chat_context.get());
  batcher = std::make_unique<ChatBatcher>(chat_context.get(), *threads,
                                          BatcherLimits{.cells = size.cells,
                                                        .sequences = options.max_sequences,
                                                        .prefix_sequences = kPrefixSequences,
                                                        .prefill_chunk = options.prefill_chunk,
                                                        .adapt_chunk = !size.small,
                                                        .prefix_bytes = options.prefix_bytes});
  return {};
}

Result<void> LlamaEngine::Parts::load_chat(const std::filesystem::path& file, const llama_context_params& params,
                                           int gpu_layers) {
  chat_context.reset();
  auto loaded = load_model(file, gpu_layers);
  if (loaded) {
    chat_model = *std::move(loaded);
    GIBSEY_TRY(chat_template, ChatTemplate::of(*chat_model, file.string()));
  }
  auto context = loaded ? make_context(*chat_model, params, file.string()) : std::unexpected(std::move(loaded).error());
  if (context) {
    chat_context = *std::move(context);
    return {};
  }
  if (gpu_layers == 0) return std::unexpected(std::move(context).error());
  // What was free a moment ago may be gone: another program took it, or it lies in pieces.
  log::warn("the GPU did not take {}: it runs on the processors", file.string());
  return load_chat(file, params, 0);
}

Result<void> LlamaEngine::Parts::open_embedding() {
  const auto& path = options.embedding_model_path;
  GIBSEY_TRY(embedding_model, load_model(path));
  embedding_name = lower_case(model_name(*embedding_model, path));
  embedding_dimension = llama_model_n_embd(embedding_model.get());
  const int text_tokens = std::min(options.embedding_tokens, llama_model_n_ctx_train(embedding_model.get()));

  auto params = on_this_thread(llama_context_default_params());
  params.n_ctx = TextEmbedder::kBatchTokens;
  params.n_batch = TextEmbedder::kBatchTokens;
  params.n_ubatch = TextEmbedder::kBatchTokens;
  params.n_seq_max = TextEmbedder::kSliceTexts;
  params.kv_unified = true;
  params.embeddings = true;
  GIBSEY_TRY(auto book_context, make_context(*embedding_model, params, path.string()));
  // Questions are short: of one core 14 tokens 5.8 ms without and 7.6 with it, 55 tokens 31.8 and 36.5; a passage of 160 tokens,
  // however, 126 and 56.
  params.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_DISABLED;
  GIBSEY_TRY(question_context, make_context(*embedding_model, params, path.string()));
  const auto pooling = llama_pooling_type(question_context.get());
  if (pooling == LLAMA_POOLING_TYPE_NONE || pooling == LLAMA_POOLING_TYPE_RANK) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("{} is not an embedding model; set-up makes all-minilm-l6-v2-q8_0.gguf", path.string()));
  }
  threads->attach(question_context.get());
  questions = std::make_unique<TextEmbedder>(question_context.get(), *threads, text_tokens);
  books = std::make_unique<BackgroundEmbedder>(std::move(book_context), most_threads(), text_tokens, stopping);
  return {};
}

void LlamaEngine::Parts::run() {
  while (wait_for_work()) {
    if (batcher) {
      admit();
      batcher->step();
      running = batcher->running();
    }
    if (questions && !questions->idle()) questions->slice();
  }
  end_all();
}

bool LlamaEngine::Parts::wait_for_work() {
  std::unique_lock lock(mutex);
  const bool busy = (batcher && !batcher->idle()) || (questions && !questions->idle());
  if (!busy) work_came.wait(lock, [this] { return stopping || !queue.empty() || !new_jobs.empty(); });
  for (auto& job : new_jobs) questions->add(std::move(job));
  new_jobs.clear();
  return !stopping;
}

void LlamaEngine::Parts::drop_ended_from_queue() {
  std::erase_if(queue, [](QueuedReply& queued) {
    if (queued.reply->stop_asked()) {
      queued.reply->finish({model::FinishReason::stopped_by_reader, {}});
      return true;
    }
    if (!queued.deadline.passed()) return false;
    queued.reply->fail({ErrorCode::deadline, "the model was busy for longer than the time allowed"});
    return true;
  });
}

/// The reply of the user with the fewest running ones; among equals the one that came first.
std::deque<QueuedReply>::iterator LlamaEngine::Parts::fairest() {
  return std::ranges::min_element(queue, {}, [this](const QueuedReply& queued) { return batcher->running_of(queued.user_id); });
}

void LlamaEngine::Parts::admit() {
  const std::lock_guard lock(mutex);
  drop_ended_from_queue();
  while (!queue.empty() && batcher->has_free_sequence()) {
    const auto next = fairest();
    // One that does not fit yet is not overtaken, or a long prompt would wait for ever.
    if (!batcher->admit(*next)) return;
    queue.erase(next);
  }
}

void LlamaEngine::Parts::end_all() {
  const Error error{ErrorCode::cancelled, "the engine is shutting down"};
  if (batcher) batcher->fail_all(error);
  if (questions) questions->fail_all(error);
  const std::lock_guard lock(mutex);
  for (auto& queued : queue) queued.reply->fail(error);
  for (auto& job : new_jobs) job->fail(error);
  queue.clear();
  new_jobs.clear();
}

Result<std::unique_ptr<LlamaEngine>> LlamaEngine::open(EngineOptions options) {
  auto parts = std::make_unique<Parts>();
  options.max_sequences =
      std::clamp(options.max_sequences, 1, static_cast<int>(llama_max_parallel_sequences()) - kPrefixSequences);
  options.max_queue = std::max(1, options.max_queue);
  options.prefill_chunk = std::clamp(options.prefill_chunk, 16, kBatchTokens);
  parts->options = std::move(options);
  parts->threads = std::make_unique<ComputeThreads>(parts->most_threads());
  if (!parts->options.chat_model_path.empty()) GIBSEY_CHECK(parts->open_chat());
  if (!parts->options.embedding_model_path.empty()) GIBSEY_CHECK(parts->open_embedding());
  auto* raw = parts.get();
  parts->thread = std::thread([raw] { raw->run(); });
  return std::unique_ptr<LlamaEngine>(new LlamaEngine(std::move(parts)));
}

LlamaEngine::LlamaEngine(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

LlamaEngine::~LlamaEngine() {
  {
    const std::lock_guard lock(parts_->mutex);
    parts_->stopping = true;
  }
  parts_->work_came.notify_one();
  parts_->thread.join();
}

bool LlamaEngine::can_chat() const {
  return parts_->batcher != nullptr;
}
bool LlamaEngine::can_embed() const {
  return parts_->questions != nullptr;
}
const ChatModelFacts& LlamaEngine::chat_model() const {
  return parts_->facts;
}
const std::string& LlamaEngine::embedding_model() const {
  return parts_->embedding_name;
}
int LlamaEngine::embedding_dimension() const {
  return parts_->embedding_dimension;
}

int LlamaEngine::count_tokens(const std::string& text) const {
  return can_chat() ? static_cast<int>(parts_->chat_template->tokenize(text).size()) : 0;
}

Result<std::unique_ptr<TokenStream>> LlamaEngine::submit(ChatRequest request) {
  if (!can_chat()) return fail(ErrorCode::unavailable, "no chat model is loaded; give one with --model FILE");
  // On the caller's thread: 650 tokens take about a millisecond, and the engine's thread is the scarce one.
  GIBSEY_TRY(auto prompt, parts_->chat_template->prompt(request));
  const int limit = parts_->facts.context_tokens;
  if (prompt.size() >= limit) {
    return fail(ErrorCode::too_large, fmt::format("the prompt has {} tokens and the model's context holds {}, the reply "
                                                  "included; shorten the text",
                                                  prompt.size(), limit));
  }
  const int max_tokens = std::clamp(request.max_tokens, 1, limit - prompt.size());
  auto reply = std::make_shared<Reply>();
  QueuedReply queued{.reply = reply,
                     .prompt = std::move(prompt),
                     .sampling = request.sampling,
                     .opening = std::move(request.opening),
                     .quotes = std::move(request.quotes),
                     .stop = std::move(request.stop),
                     .max_tokens = max_tokens,
                     .user_id = std::move(request.user_id),
                     .deadline = request.deadline};
  {
    const std::lock_guard lock(parts_->mutex);
    if (parts_->stopping) return fail(ErrorCode::unavailable, "the engine is shutting down");
    if (static_cast<int>(parts_->queue.size()) >= parts_->options.max_queue) {
      return fail(ErrorCode::busy,
                  fmt::format("{} replies are waiting for the model already; try again later", parts_->queue.size()));
    }
    parts_->queue.push_back(std::move(queued));
  }
  parts_->work_came.notify_one();
  return stream_of(std::move(reply));
}

namespace {

constexpr const char* kEmbedsNot = "no embedding model is loaded";

/// A caller that goes away while it waits must not leave work behind.
struct AbandonAtExit {
  std::shared_ptr<EmbeddingJob> job;
  ~AbandonAtExit() { job->abandon(); }
};

}  // namespace

boost::asio::awaitable<Result<Vectors>> LlamaEngine::embed(std::vector<std::string> texts) {
  if (!can_embed()) co_return fail(ErrorCode::unavailable, kEmbedsNot);
  if (texts.empty()) co_return Vectors{};
  const AbandonAtExit guard{std::make_shared<EmbeddingJob>(std::move(texts))};
  GIBSEY_CO_CHECK(parts_->books->add(guard.job));
  co_return co_await guard.job->result();
}

boost::asio::awaitable<Result<Vectors>> LlamaEngine::embed_questions(std::vector<std::string> texts) {
  if (!can_embed()) co_return fail(ErrorCode::unavailable, kEmbedsNot);
  if (texts.empty()) co_return Vectors{};
  const AbandonAtExit guard{std::make_shared<EmbeddingJob>(std::move(texts))};
  {
    const std::lock_guard lock(parts_->mutex);
    if (parts_->stopping) co_return fail(ErrorCode::unavailable, "the engine is shutting down");
    parts_->new_jobs.push_back(guard.job);
  }
  parts_->work_came.notify_one();
  co_return co_await guard.job->result();
}

EngineStats LlamaEngine::stats() const {
  EngineStats stats;
  {
    const std::lock_guard lock(parts_->mutex);
    stats.queued = static_cast<int>(parts_->queue.size());
  }
  stats.running = parts_->running;
  if (can_embed()) stats.texts_embedded = parts_->questions->texts_embedded() + parts_->books->texts_embedded();
  if (!parts_->batcher) return stats;
  const auto& counts = parts_->batcher->counts();
  stats.prompt_tokens_per_second = counts.prompt_rate;
  stats.decode_tokens_per_second = counts.decode_rate;
  stats.prompt_tokens = counts.prompt_tokens;
  stats.reply_tokens = counts.reply_tokens;
  stats.prefix_hits = counts.prefix_hits;
  stats.prefix_misses = counts.prefix_misses;
  if (stats.queued > 0 || stats.running >= parts_->options.max_sequences) {
    stats.expected_wait_seconds = counts.reply_seconds * (stats.queued + 1) / parts_->options.max_sequences;
  }
  return stats;
}

}  // namespace gibsey::provider
