#pragma once
#include "model/turn.hpp"

#include <string_view>

namespace gibsey::chat {

/// Where a turn reports its counts and phase times; `server/` turns them into metrics. Thread-safe, must not block.
struct TurnObserver {
  virtual ~TurnObserver() = default;
  /// hold, retrieve, prompt, first_token, total.
  virtual void phase(std::string_view name, double seconds) = 0;
  /// turns{outcome}, tokens{provider}, quotes{origin}, false_quotes{""}.
  virtual void count(std::string_view name, std::string_view label, double n) = 0;
  /// A provider was asked for a reply: "first" in the order, as "fallback", "named" by the reader, "again".
  virtual void chosen(std::string_view /*provider*/, std::string_view /*why*/) {}
  /// It failed; `code` is the error's.
  virtual void failed(std::string_view /*provider*/, std::string_view /*code*/) {}
  /// A turn has been recorded and its readers told.
  virtual void ended(const model::Turn& /*turn*/) {}
};

}  // namespace gibsey::chat
