#include "provider/llama/text_embedder.hpp"

#include <algorithm>
#include <cmath>

namespace gibsey::provider {
namespace {

/// At the 8,300 tokens/s that two cores embed, 20 ms.
constexpr int kSliceTokens = 170;
/// llama.cpp's answer when the abort callback said so.
constexpr int kAborted = 2;

}  // namespace

void EmbeddingJob::finish() {
  const std::lock_guard lock(wakeup_.mutex());
  finished_ = true;
  wakeup_.notify();
}

void EmbeddingJob::fail(Error error) {
  const std::lock_guard lock(wakeup_.mutex());
  error_ = std::move(error);
  wakeup_.notify();
}

boost::asio::awaitable<Result<Vectors>> EmbeddingJob::result() {
  const bool ready = co_await wakeup_.wait([this] { return finished_ || error_; });
  if (!ready) co_return gibsey::fail(ErrorCode::cancelled, "the embedding was cancelled");
  if (error_) co_return std::unexpected(*error_);
  co_return std::move(vectors_);
}

TextEmbedder::TextEmbedder(llama_context* context, ComputeThreads& threads, int text_tokens)
    : context_(context),
      threads_(threads),
      vocab_(llama_model_get_vocab(llama_get_model(context))),
      dimension_(llama_model_n_embd(llama_get_model(context))),
      text_tokens_(std::clamp(text_tokens, 2, kBatchTokens)),
      batch_(kBatchTokens, 1) {}

void TextEmbedder::slice() {
  std::erase_if(jobs_, [](const auto& job) { return job->abandoned(); });
  jobs_.sort([](const auto& a, const auto& b) { return a->left() < b->left(); });
  batch_.clear();
  std::vector<Place> places;
  for (const auto& job : jobs_) {
    if (!fill(*job, places)) break;
  }
  if (!places.empty()) {
    const int result = threads_.run([this] { return llama_encode(context_, batch_.raw()); });
    if (result != 0) {
      fail_all(result == kAborted ? Error{ErrorCode::cancelled, "the engine is shutting down"}
                                  : Error{ErrorCode::unavailable, "the embedding model could not evaluate a text"});
      return;
    }
    for (const auto& place : places) place.job->put(unit_vector(place.sequence));
    texts_embedded_ += places.size();
  }
  // A finished job is its caller's: it is not looked at again.
  std::erase_if(jobs_, [](const auto& job) {
    if (job->left() > 0) return false;
    job->finish();
    return true;
  });
}

bool TextEmbedder::fill(EmbeddingJob& job, std::vector<Place>& places) {
  for (std::size_t i = 0; i < job.left(); ++i) {
    if (static_cast<int>(places.size()) == kSliceTexts) return false;
    const auto tokens = tokens_of(job.text(i));
    const int total = batch_.size() + static_cast<int>(tokens.size());
    if (batch_.size() > 0 && total > kSliceTokens) return false;
    const auto sequence = static_cast<llama_seq_id>(places.size());
    for (std::size_t t = 0; t < tokens.size(); ++t) batch_.add(tokens[t], static_cast<llama_pos>(t), sequence, true);
    places.push_back({&job, sequence});
  }
  return true;
}

Tokens TextEmbedder::tokens_of(const std::string& text) const {
  // The tokenizer is slow on megabytes of which a few hundred tokens will be used; no token is longer than 64 bytes on
  // average over a text.
  const auto used = std::min(text.size(), static_cast<std::size_t>(text_tokens_) * 64);
  Tokens tokens(used + 8);
  const int count =
      llama_tokenize(vocab_, text.data(), static_cast<int>(used), tokens.data(), static_cast<int>(tokens.size()), true, false);
  tokens.resize(static_cast<std::size_t>(std::max(0, count)));
  if (tokens.size() > static_cast<std::size_t>(text_tokens_)) {
    const auto last = tokens.back();  // the separator that ends every text
    tokens.resize(static_cast<std::size_t>(text_tokens_));
    tokens.back() = last;
  }
  return tokens;
}

std::vector<float> TextEmbedder::unit_vector(llama_seq_id sequence) const {
  const float* raw = llama_get_embeddings_seq(context_, sequence);
  std::vector<float> vector(raw, raw + dimension_);
  double square = 0;
  for (const float x : vector) square += static_cast<double>(x) * x;
  const double scale = square > 0 ? 1 / std::sqrt(square) : 0;
  for (float& x : vector) x = static_cast<float>(x * scale);
  return vector;
}

void TextEmbedder::fail_all(const Error& error) {
  for (const auto& job : jobs_) job->fail(error);
  jobs_.clear();
}

}  // namespace gibsey::provider
