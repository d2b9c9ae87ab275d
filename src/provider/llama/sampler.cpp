#include "provider/llama/sampler.hpp"

#include <algorithm>
#include <random>

namespace gibsey::provider {
namespace {

constexpr std::size_t kLikeliest = 40;
constexpr int kPenaltyWindow = 64;
// Values of the sampler's author; a repeat of three tokens is the first that costs. No sequence breakers: they are meant for
// chat transcripts with names and markup, and finding them in the vocabulary takes 20 ms a reply.
constexpr float kDryBase = 1.75F;
constexpr int kDryAllowedLength = 2;
constexpr int kDryWindow = 512;

bool likelier(const llama_token_data& a, const llama_token_data& b) {
  return a.logit != b.logit ? a.logit > b.logit : a.id < b.id;
}

std::uint32_t seed_or_random(std::uint32_t seed) {
  return seed != 0 ? seed : std::random_device()();
}

}  // namespace

Sampler::Sampler(const llama_vocab* vocab, const Sampling& sampling)
    : vocabulary_size_(llama_vocab_n_tokens(vocab)), chain_(llama_sampler_chain_init(llama_sampler_chain_default_params())) {
  const auto add = [this](llama_sampler* sampler) { llama_sampler_chain_add(chain_.get(), sampler); };
  if (sampling.repeat_penalty > 0 && sampling.repeat_penalty != 1) {
    add(llama_sampler_init_penalties(vocabulary_size_, kPenaltyWindow, static_cast<float>(sampling.repeat_penalty), 0, 0));
  }
  if (sampling.dry_multiplier > 0) {
    add(llama_sampler_init_dry(vocab, static_cast<float>(sampling.dry_multiplier), kDryBase, kDryAllowedLength, kDryWindow,
                               nullptr, 0));
  }
  if (sampling.temperature <= 0) {
    add(llama_sampler_init_greedy());
  } else {
    add(llama_sampler_init_top_p(static_cast<float>(sampling.top_p), 1));
    add(llama_sampler_init_min_p(static_cast<float>(sampling.min_p), 1));
    add(llama_sampler_init_temp(static_cast<float>(sampling.temperature)));
    add(llama_sampler_init_dist(seed_or_random(sampling.seed)));
  }
  likeliest_.reserve(kLikeliest + 1);
}

llama_token Sampler::choose(const float* logits, std::span<const llama_token> refused) {
  // One pass with a small heap whose top is the least likely kept: llama's own top-k first copies the whole vocabulary.
  likeliest_.clear();
  for (llama_token id = 0; id < vocabulary_size_; ++id) {
    const llama_token_data candidate{id, logits[id], 0};
    if (likeliest_.size() == kLikeliest && candidate.logit <= likeliest_.front().logit) continue;
    if (std::ranges::find(refused, id) != refused.end()) continue;
    if (likeliest_.size() == kLikeliest) {
      std::ranges::pop_heap(likeliest_, likelier);
      likeliest_.pop_back();
    }
    likeliest_.push_back(candidate);
    std::ranges::push_heap(likeliest_, likelier);
  }
  std::ranges::sort(likeliest_, likelier);
  llama_token_data_array candidates{likeliest_.data(), likeliest_.size(), -1, true};
  llama_sampler_apply(chain_.get(), &candidates);
  return candidates.data[candidates.selected].id;
}

}  // namespace gibsey::provider
