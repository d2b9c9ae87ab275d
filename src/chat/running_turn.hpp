#pragma once
#include "model/turn.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace gibsey::chat {

/// A turn that goes on by itself, whether or not anyone reads it. Shared by its readers; safe to use from any executor.
class RunningTurn {
 public:
  virtual ~RunningTurn() = default;
  [[nodiscard]] virtual const std::string& turn_id() const = 0;
  /// The events that are there after number `seq` (0: all), in order, at most `most`. Many readers may follow one turn.
  [[nodiscard]] virtual std::vector<model::NumberedEvent> events_after(std::int64_t seq, std::size_t most) const = 0;
  /// Calls `then` once, from any thread, when there is an event after number `seq` or none will follow: before it returns where
  /// that is so now. May call it early, so look again. `then` must not block.
  virtual void when_after(std::int64_t seq, std::move_only_function<void()> then) = 0;
  /// The first event after number `seq`, waiting until it is there; nullopt after the last one.
  boost::asio::awaitable<std::optional<model::NumberedEvent>> next_after(std::int64_t seq);
  /// The number of the last event once no other will follow.
  [[nodiscard]] virtual std::optional<std::int64_t> last_seq() const = 0;
  /// The reader's wish: the reply ends where it is and is kept.
  virtual void stop() = 0;
};

}  // namespace gibsey::chat
