#pragma once
#include "store/store_fwd.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace gibsey::store {

struct WindowMessage {
  std::string role;  ///< "user" or "assistant"
  std::string content;

  bool operator==(const WindowMessage&) const = default;
};

/// The newest messages of each conversation where other programs can read and write them too (seed 002). It forgets; the record
/// is the TurnStore. Errors: unavailable, deadline, busy, corrupt (what is kept under the conversation is no list of messages).
/// Concurrent.
class HistoryWindow {
 public:
  static constexpr std::size_t kMostMessages = 20;
  static constexpr std::chrono::seconds kIdle{3'600};  ///< after the last append

  virtual ~HistoryWindow() = default;
  /// Oldest first; empty where nothing is kept.
  virtual Async<std::vector<WindowMessage>> load(std::string conversation_id) = 0;
  /// Adds a pair, drops the oldest messages beyond kMostMessages and starts kIdle anew. No concurrent append is lost. A list that
  /// cannot be read is begun anew.
  virtual Async<void> append(std::string conversation_id, std::string question, std::string reply) = 0;
  virtual Async<void> forget(std::string conversation_id) = 0;
};

}  // namespace gibsey::store
