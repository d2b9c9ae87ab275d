#include "provider/llama/prefix_store.hpp"

#include <algorithm>

namespace gibsey::provider {

PrefixStore::PrefixStore(llama_context* context, llama_seq_id first_sequence, int sequences, std::size_t saved_bytes)
    : context_(context), saved_limit_(saved_bytes) {
  for (int i = sequences - 1; i >= 0; --i) free_sequences_.push_back(first_sequence + i);
}

Prefix* PrefixStore::find(const Tokens& tokens) {
  const auto found = std::ranges::find(prefixes_, tokens, &Prefix::tokens);
  return found == prefixes_.end() ? nullptr : &*found;
}

Prefix* PrefixStore::acquire(const Tokens& tokens) {
  auto* prefix = find(tokens);
  if (prefix == nullptr || !prefix->resident()) {
    const auto sequence = take_sequence();
    if (sequence < 0) return nullptr;
    if (prefix == nullptr) prefix = &prefixes_.emplace_back(Prefix{.tokens = tokens});
    prefix->sequence = sequence;
    bring_in(*prefix);
  }
  ++prefix->users;
  prefix->used = ++clock_;
  return prefix;
}

void PrefixStore::release(Prefix& prefix) {
  --prefix.users;
  prefix.used = ++clock_;
}

int PrefixStore::cells() const {
  int cells = 0;
  for (const auto& prefix : prefixes_) {
    if (prefix.resident()) cells += static_cast<int>(prefix.tokens.size());
  }
  return cells;
}

int PrefixStore::idle_cells(const Prefix* keep) const {
  int cells = 0;
  for (const auto& prefix : prefixes_) {
    if (prefix.resident() && prefix.users == 0 && &prefix != keep) cells += static_cast<int>(prefix.tokens.size());
  }
  return cells;
}

void PrefixStore::make_room(int cells, const Prefix* keep) {
  while (cells > 0) {
    auto* oldest = least_recent(true, keep);
    if (oldest == nullptr) return;
    cells -= static_cast<int>(oldest->tokens.size());
    move_out(*oldest);
  }
}

void PrefixStore::forget(Prefix& prefix) {
  if (prefix.resident()) {
    llama_memory_seq_rm(llama_get_memory(context_), prefix.sequence, -1, -1);
    free_sequences_.push_back(prefix.sequence);
  }
  prefixes_.remove_if([&prefix](const Prefix& other) { return &other == &prefix; });
}

Prefix* PrefixStore::least_recent(bool resident, const Prefix* keep) {
  Prefix* oldest = nullptr;
  for (auto& prefix : prefixes_) {
    const bool candidate = prefix.users == 0 && prefix.resident() == resident && &prefix != keep;
    if (candidate && (oldest == nullptr || prefix.used < oldest->used)) oldest = &prefix;
  }
  return oldest;
}

llama_seq_id PrefixStore::take_sequence() {
  if (free_sequences_.empty()) {
    auto* oldest = least_recent(true, nullptr);
    if (oldest == nullptr) return -1;
    move_out(*oldest);
  }
  const auto sequence = free_sequences_.back();
  free_sequences_.pop_back();
  return sequence;
}

void PrefixStore::move_out(Prefix& prefix) {
  if (!prefix.ready()) {
    forget(prefix);
    return;
  }
  if (prefix.saved.empty()) {
    prefix.saved.resize(llama_state_seq_get_size(context_, prefix.sequence));
    prefix.saved.resize(llama_state_seq_get_data(context_, prefix.saved.data(), prefix.saved.size(), prefix.sequence));
  }
  llama_memory_seq_rm(llama_get_memory(context_), prefix.sequence, -1, -1);
  free_sequences_.push_back(prefix.sequence);
  prefix.sequence = -1;
  drop_saved();
}

void PrefixStore::bring_in(Prefix& prefix) {
  if (prefix.saved.empty()) return;
  const auto read = llama_state_seq_set_data(context_, prefix.saved.data(), prefix.saved.size(), prefix.sequence);
  if (read != 0) return;
  // The state was refused: it is evaluated anew.
  prefix.saved.clear();
  prefix.evaluated = 0;
  llama_memory_seq_rm(llama_get_memory(context_), prefix.sequence, -1, -1);
}

void PrefixStore::drop_saved() {
  std::size_t bytes = 0;
  for (const auto& prefix : prefixes_) bytes += prefix.saved.size();
  while (bytes > saved_limit_) {
    // A resident prefix needs its copy only later; one that is only saved is lost with it.
    const auto resident = std::ranges::find_if(prefixes_, [](const Prefix& p) { return p.resident() && !p.saved.empty(); });
    if (resident != prefixes_.end()) {
      bytes -= resident->saved.size();
      resident->saved = {};
      continue;
    }
    auto* oldest = least_recent(false, nullptr);
    if (oldest == nullptr) return;
    bytes -= oldest->saved.size();
    forget(*oldest);
  }
}

}  // namespace gibsey::provider
