#pragma once
#include "provider/chat_model.hpp"
#include "provider/llama/handles.hpp"

#include <span>
#include <vector>

namespace gibsey::provider {

/// Chooses the tokens of one reply: the 40 likeliest, then penalties over the reply's own last tokens, don't-repeat-yourself,
/// top-p, min-p, temperature, and a draw by the seed. Temperature 0 takes the likeliest after the penalties.
class Sampler {
 public:
  Sampler(const llama_vocab* vocab, const Sampling& sampling);

  /// `logits`: one for each token of the vocabulary. `refused`: tokens that are not to be chosen.
  [[nodiscard]] llama_token choose(const float* logits, std::span<const llama_token> refused = {});
  /// A token that the reply has now: the one chosen, or one of its opening.
  void wrote(llama_token token) { llama_sampler_accept(chain_.get(), token); }

 private:
  int vocabulary_size_;
  SamplerHandle chain_;
  std::vector<llama_token_data> likeliest_;
};

}  // namespace gibsey::provider
