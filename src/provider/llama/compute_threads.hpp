#pragma once
#include "provider/llama/handles.hpp"
#include "provider/llama/thread_choice.hpp"

#include <chrono>
#include <map>
#include <vector>

namespace gibsey::provider {

/// The threads with which all contexts of an engine evaluate, one context at a time. Used on the engine's thread only.
class ComputeThreads {
 public:
  explicit ComputeThreads(int most);

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
