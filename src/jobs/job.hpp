#pragma once
#include "base/result.hpp"
#include "model/note.hpp"

#include <boost/asio/awaitable.hpp>

#include <optional>
#include <stop_token>
#include <string>

namespace gibsey::jobs {

/// What a job that runs has of the one who runs it.
class Keeper {
 public:
  virtual ~Keeper() = default;
  /// Saves the run as it is and makes sure that it is still this node's; a job calls it at least once a minute or two, and ends
  /// with the error where there is one. Errors: cancelled (the node stops), conflict (another node has it), those of the store.
  virtual boost::asio::awaitable<Result<void>> keep(model::NightlyRun& run) = 0;
  /// By world: the last change of pages that was seen to.
  [[nodiscard]] virtual const model::JobState& state() const = 0;
  /// Stops when the node does.
  [[nodiscard]] virtual std::stop_token stop() const = 0;
};

/// Work that is done a run at a time, and can be begun again in the middle.
class Job {
 public:
  virtual ~Job() = default;
  /// Does what is still to be done of `run`, and tells in it what was done. A run that a crash ended comes again, as it was kept
  /// last.
  virtual boost::asio::awaitable<Result<void>> work(model::NightlyRun& run, Keeper& keeper) = 0;
};

/// Told of a run that failed. Must not throw.
class Alarm {
 public:
  virtual ~Alarm() = default;
  /// `retry_at`: when it is tried again, nullopt when it is not.
  virtual boost::asio::awaitable<void> failed(model::NightlyRun run, std::optional<UnixMillis> retry_at) = 0;
};

}  // namespace gibsey::jobs
