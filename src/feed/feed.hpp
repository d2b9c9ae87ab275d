#pragma once
#include "base/clock.hpp"
#include "base/deadline.hpp"
#include "base/result.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace gibsey::feed {

/// What every operation of a feed returns: it suspends the caller, never blocks its thread, and resumes on the caller's executor.
/// Errors of all: unavailable (the broker is away, the feed is closed), busy (too many wait), corrupt (a damaged log).
template <typename T>
using Async = boost::asio::awaitable<Result<T>>;

struct Header {
  std::string name;
  std::string value;
  friend bool operator==(const Header&, const Header&) = default;
};

/// Something that happened to the thing named by `key`. Both texts may hold any bytes.
struct Event {
  std::string key;
  std::string value;
  std::vector<Header> headers;
  UnixMillis time = 0;  ///< 0 in append(): now
};

/// An event of a topic and its place there.
struct Delivered {
  Event event;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::string position;  ///< of a reader behind this event; empty where a consumer delivers it
};

/// Where a reader begins besides behind a position: at the first event that is kept, or behind the last.
inline constexpr std::string_view kBeginning = "";
inline constexpr std::string_view kEnd = "end";

/// Reads a topic on its own; nothing of it is kept. One next() at a time; must be gone before its feed.
class Reader {
 public:
  virtual ~Reader() = default;
  /// The events that follow, in order within a partition, at least one and at most `most`; none when the deadline passes first.
  /// Errors: cancelled (stopped).
  virtual Async<std::vector<Delivered>> next(std::size_t most, Deadline deadline) = 0;
  /// Ends a next() that waits, and every later one. Any thread.
  virtual void stop() = 0;
};

/// How far a consumer is behind its topic.
struct Lag {
  std::int64_t events = 0;
  double seconds = 0;  ///< since the oldest event that it has not committed; 0 for none
};

/// Reads a topic as one of a group: of the consumers of a group, one gets each event, and an event that was not committed is
/// given again, to this one or another. It begins at the group's last commit, the first time at the beginning.
class Consumer : public Reader {
 public:
  /// The effect of `events`, and of all before them that were delivered, is durable. conflict: some are another consumer's by
  /// now, who will be given them again.
  virtual Async<void> commit(const std::vector<Delivered>& events) = 0;
  [[nodiscard]] virtual Lag lag() const = 0;
};

/// Topics of events, in order per key, each kept for every reader. Safe to call from any thread.
class Feed {
 public:
  virtual ~Feed() = default;
  /// Durable when it returns, in this order for each key. A failed append may have written some of them. invalid_argument: a
  /// topic that cannot be named so; too_large: an event over kLargestEvent.
  virtual Async<void> append(std::string topic, std::vector<Event> events) = 0;
  /// `after`: kBeginning, kEnd or a position; one that is no longer kept leads to the first that is. invalid_argument: no
  /// position.
  virtual Async<std::unique_ptr<Reader>> reader(std::string topic, std::string after) = 0;
  virtual Async<std::unique_ptr<Consumer>> consumer(std::string topic, std::string group) = 0;

  [[nodiscard]] virtual std::string name() const = 0;  ///< "log", "kafka"
  /// What keeps it from working, as a sentence; "" for nothing.
  [[nodiscard]] virtual std::string problem() const = 0;
  /// Ends what waits, with errors; readers and consumers must be gone. Blocks until appends are written or refused. Not from a
  /// coroutine.
  virtual void close() = 0;
};

inline constexpr std::size_t kLargestEvent = 900UL * 1024UL;  ///< key and value, bytes: what Kafka's brokers take as they come

/// Letters, digits, '.', '_' and '-', at most 200: names that both a folder and Kafka take.
[[nodiscard]] bool is_topic_name(std::string_view name);
/// Error of an event that no backend takes, else nothing.
[[nodiscard]] Result<void> check_events(std::string_view topic, const std::vector<Event>& events);

}  // namespace gibsey::feed
