#pragma once
#include "provider/llama/chat_prompt.hpp"

#include <cstddef>
#include <cstdint>
#include <list>
#include <vector>

namespace gibsey::provider {

/// The state of a prompt's stable beginning, kept so that it is evaluated once.
struct Prefix {
  Tokens tokens;
  llama_seq_id sequence = -1;       ///< in the context; -1 when it is only saved
  int evaluated = 0;                ///< tokens whose state is in the context (or saved)
  int users = 0;                    ///< replies that share its cells or wait for it
  std::uint64_t used = 0;           ///< order of last use
  std::vector<std::uint8_t> saved;  ///< its state outside the context

  [[nodiscard]] bool resident() const { return sequence >= 0; }
  [[nodiscard]] bool ready() const { return evaluated == static_cast<int>(tokens.size()); }
};

/// Keeps prefixes: a few in the context, from where a reply's sequence is forked without cost, the others saved in memory
/// (copying a state back takes a twentieth of evaluating it, and every cell in the context slows each token of every reply).
/// Used on the engine's thread only.
class PrefixStore {
 public:
  /// Sequences [first_sequence, first_sequence + sequences) are its own. At most `saved_bytes` are kept outside the context.
  PrefixStore(llama_context* context, llama_seq_id first_sequence, int sequences, std::size_t saved_bytes);

  /// nullptr when it is not known.
  [[nodiscard]] Prefix* find(const Tokens& tokens);
  /// Makes the prefix resident, evaluated as far as its state is known, and counts a user. nullptr when every sequence is in
  /// use. The cells must be free: see make_room().
  [[nodiscard]] Prefix* acquire(const Tokens& tokens);
  void release(Prefix& prefix);

  /// Cells that resident prefixes take.
  [[nodiscard]] int cells() const;
  /// Cells that resident prefixes without users take, `keep` not counted.
  [[nodiscard]] int idle_cells(const Prefix* keep) const;
  /// Moves prefixes without users out of the context, least recently used first, until `cells` more are free or none is left;
  /// never `keep`.
  void make_room(int cells, const Prefix* keep);
  /// Forgets a prefix whose evaluation failed, or all its state. Call with no users.
  void forget(Prefix& prefix);

 private:
  [[nodiscard]] Prefix* least_recent(bool resident, const Prefix* keep);
  [[nodiscard]] llama_seq_id take_sequence();
  void move_out(Prefix& prefix);
  void bring_in(Prefix& prefix);
  void drop_saved();

  llama_context* context_;
  std::size_t saved_limit_;
  std::vector<llama_seq_id> free_sequences_;
  std::list<Prefix> prefixes_;
  std::uint64_t clock_ = 0;
};

}  // namespace gibsey::provider
