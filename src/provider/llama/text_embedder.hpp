#pragma once
#include "base/result.hpp"
#include "provider/llama/chat_prompt.hpp"
#include "provider/llama/compute_threads.hpp"
#include "provider/wakeup.hpp"

#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <vector>

namespace gibsey::provider {

using Vectors = std::vector<std::vector<float>>;

/// Texts that one caller wants embedded; shared by the thread that embeds and the caller.
class EmbeddingJob {
 public:
  explicit EmbeddingJob(std::vector<std::string> texts) : texts_(std::move(texts)) { vectors_.reserve(texts_.size()); }

  // The side of the thread that embeds.
  [[nodiscard]] std::size_t left() const { return texts_.size() - vectors_.size(); }
  [[nodiscard]] const std::string& text(std::size_t ahead) const { return texts_[vectors_.size() + ahead]; }
  void put(std::vector<float> vector) { vectors_.push_back(std::move(vector)); }
  void finish();
  void fail(Error error);
  [[nodiscard]] bool abandoned() const { return abandoned_; }

  // The caller's side.
  boost::asio::awaitable<Result<Vectors>> result();
  void abandon() { abandoned_ = true; }

 private:
  Wakeup wakeup_;
  std::vector<std::string> texts_;
  Vectors vectors_;
  bool finished_ = false;
  std::optional<Error> error_;
  std::atomic<bool> abandoned_ = false;
};

/// Embeds in slices of about 20 ms, so that whoever shares the thread hardly waits. The smallest job goes first. Used on one
/// thread only.
class TextEmbedder {
 public:
  /// `text_tokens`: longer texts are cut.
  TextEmbedder(llama_context* context, ComputeThreads& threads, int text_tokens);

  void add(std::shared_ptr<EmbeddingJob> job) { jobs_.push_back(std::move(job)); }
  [[nodiscard]] bool idle() const { return jobs_.empty(); }
  void slice();
  void fail_all(const Error& error);
  [[nodiscard]] std::uint64_t texts_embedded() const { return texts_embedded_; }

  static constexpr int kBatchTokens = 512;
  static constexpr int kSliceTexts = 16;

 private:
  struct Place {
    EmbeddingJob* job;
    llama_seq_id sequence;
  };

  [[nodiscard]] Tokens tokens_of(const std::string& text) const;
  /// Puts texts of the job into the batch while they fit; false when the slice is full.
  bool fill(EmbeddingJob& job, std::vector<Place>& places);
  [[nodiscard]] std::vector<float> unit_vector(llama_seq_id sequence) const;

  llama_context* context_;
  ComputeThreads& threads_;
  const llama_vocab* vocab_;
  int dimension_;
  int text_tokens_;
  Batch batch_;
  std::list<std::shared_ptr<EmbeddingJob>> jobs_;
  std::atomic<std::uint64_t> texts_embedded_ = 0;
};

}  // namespace gibsey::provider
