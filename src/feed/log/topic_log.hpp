#pragma once
#include "base/result.hpp"
#include "feed/log/segment.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace gibsey::feed::log {

/// When an append is safe from a power loss; from a kill of the program it always is. `always`: before it returns (all that wait
/// share one sync); `interval`: within a second; `never`: when the system sees fit.
enum class Sync { always, interval, never };

/// What becomes of old events. Only whole segments that are no longer written to are looked at.
struct Retention {
  /// Of each key the newest event is kept for ever, older ones for `superseded`.
  bool by_key = false;
  std::chrono::seconds superseded{24 * 3600};
  std::chrono::seconds age{0};  ///< segments whose newest event is older go; 0: none do
  std::uint64_t bytes = 0;      ///< the oldest go until so many are left; 0: none do
};

struct TopicOptions {
  Sync sync = Sync::always;
  Retention retention;
  std::uint64_t segment_bytes = 16UL * 1024UL * 1024UL;
};

/// A topic's folder of segments. One thread appends, one at a time retains, any number read. Errors as Segment.
class TopicLog {
 public:
  /// Makes the folder where it is not there; else reads all of it.
  static Result<std::unique_ptr<TopicLog>> open(std::filesystem::path folder, TopicOptions options);

  /// Gives each event its offset and a time where it has none, and writes them as the Sync says.
  Result<void> append(std::vector<Event> events);
  /// With Sync::interval: what was appended since the last call.
  Result<void> sync();
  /// Events with offsets of `from` and more, oldest first; nothing when there are none yet.
  [[nodiscard]] Result<std::vector<Record>> read(std::int64_t from, std::size_t most) const;
  /// Does what Retention says. Answers how many events went.
  Result<std::size_t> retain(UnixMillis now);

  [[nodiscard]] std::int64_t next() const;  ///< offset of the event that is appended next
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  /// Segments that are no longer written to.
  [[nodiscard]] std::size_t closed() const;

 private:
  using Segments = std::vector<std::shared_ptr<Segment>>;

  TopicLog(std::filesystem::path folder, TopicOptions options) : folder_(std::move(folder)), options_(options) {}
  Result<void> open_segments();
  Result<void> roll();
  [[nodiscard]] Segments segments() const;
  [[nodiscard]] std::filesystem::path file_of(std::int64_t base) const;
  Result<std::size_t> drop_old(UnixMillis now);
  Result<std::size_t> compact(UnixMillis now);
  Result<std::size_t> merge(const Segments& run, std::vector<Record> kept, std::size_t held);

  std::filesystem::path folder_;
  TopicOptions options_;
  std::shared_ptr<Segment> active_;  ///< the last one; whoever appends alone uses it
  bool unsynced_ = false;
  mutable std::mutex mutex_;  ///< guards what follows
  Segments segments_;         ///< the last one is written to
  std::int64_t next_ = 0;
};

}  // namespace gibsey::feed::log
