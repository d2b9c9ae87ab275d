#pragma once
#include "provider/llama/handles.hpp"
#include "provider/llama/thread_choice.hpp"

#include <chrono>
#include <map>
#include <vector>

namespace gibsey::provider {

/// The threads with which contexts evaluate, one context at a time. Used on one thread only, whose priority they have.
class ComputeThreads {
 public:
  /// `low`: threads that give way to all others, so that those need not make room for them.
  enum class Priority { normal, low };
  explicit ComputeThreads(int most, Priority priority = Priority::normal);

  [[nodiscard]] int threads() const { return choice_.threads(); }
  /// The context must not be evaluated any more when this is destroyed.
  void attach(llama_context* context);

  /// Runs `evaluate`, which evaluates one of the contexts, and returns what it returns.
  template <typename Evaluate>
  int run(Evaluate evaluate) {
    begin();
    const int result = evaluate();
    end();
    return result;
  }

 private:
  void begin();
  void end();
  void resize();
  [[nodiscard]] int others_running() const;
  [[nodiscard]] double processor_seconds() const;

  const Priority priority_;
  ThreadChoice choice_;
  int made_for_ = 0;
  /// By number of threads. A context's backend goes on pointing to the pool it used last (and pauses it at the next change), so a
  /// pool lives as long as this.
  std::map<int, ThreadpoolHandle> pools_;
  std::vector<llama_context*> contexts_;
  std::chrono::steady_clock::time_point started_;
  double processor_seconds_ = 0;
};

}  // namespace gibsey::provider
