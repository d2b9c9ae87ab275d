#pragma once
#include <ggml-cpu.h>
#include <llama.h>

#include <memory>

namespace gibsey::provider {

template <auto free_function>
struct FreeWith {
  template <typename T>
  void operator()(T* pointer) const {
    free_function(pointer);
  }
};

using ModelHandle = std::unique_ptr<llama_model, FreeWith<llama_model_free>>;
using ContextHandle = std::unique_ptr<llama_context, FreeWith<llama_free>>;
using SamplerHandle = std::unique_ptr<llama_sampler, FreeWith<llama_sampler_free>>;
using ThreadpoolHandle = std::unique_ptr<ggml_threadpool, FreeWith<ggml_threadpool_free>>;

/// llama_batch owns arrays but is a plain struct.
class Batch {
 public:
  Batch(int tokens, int sequences_a_token) : batch_(llama_batch_init(tokens, 0, sequences_a_token)), room_(tokens) {}
  ~Batch() { llama_batch_free(batch_); }
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  void clear() { batch_.n_tokens = 0; }
  [[nodiscard]] int size() const { return batch_.n_tokens; }
  [[nodiscard]] int room() const { return room_ - batch_.n_tokens; }
  [[nodiscard]] const llama_batch& raw() const { return batch_; }

  /// Returns the token's index in the batch. Call only with room().
  int add(llama_token token, llama_pos position, llama_seq_id sequence, bool output) {
    const int i = batch_.n_tokens++;
    batch_.token[i] = token;
    batch_.pos[i] = position;
    batch_.n_seq_id[i] = 1;
    batch_.seq_id[i][0] = sequence;
    batch_.logits[i] = output ? 1 : 0;
    return i;
  }

 private:
  llama_batch batch_;
  int room_;
};

}  // namespace gibsey::provider
