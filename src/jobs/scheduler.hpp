#pragma once
#include "jobs/cron.hpp"
#include "jobs/job.hpp"
#include "jobs/local_time.hpp"
#include "provider/wakeup.hpp"
#include "store/note_store.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

namespace gibsey::jobs {

struct SchedulerSettings {
  std::string job = "nightly";
  std::string node;                      ///< this process; another one that lives has another name
  std::optional<CronSchedule> schedule;  ///< nullopt: only what is asked for
  std::optional<TimeZone> zone;          ///< with a schedule
  bool alone = false;                    ///< no other node can use the store: what one holds is what a crash left
  std::chrono::milliseconds lease{300'000};
  int attempts = 4;                                ///< of a run that fails
  std::chrono::milliseconds retry_after{300'000};  ///< a failed attempt; doubled after each
  std::chrono::milliseconds look_every{15'000};
};

struct SchedulerParts {
  store::NoteStore& notes;
  Job& job;
  Alarm* alarm = nullptr;  ///< null: the log alone
  std::function<UnixMillis()> clock = unix_millis_now;
  std::function<void(std::string_view name, std::string_view label, double n)> count = {};  ///< nightly_runs{outcome}
};

/// What is known of the job by the last look at its row.
struct SchedulerState {
  model::JobState job;
  std::optional<UnixMillis> next;  ///< when it is due; nullopt without a schedule
  std::string running;             ///< the run's id, "" none
};

/// Runs a job when it is due, on one of the nodes that share a store: who changes the job's row first has it, for as long as the
/// lease that it renews. Any number of times that were missed are made up for by one run; a run whose node died is gone on with
/// by another; a run that fails is told and tried again. One coroutine works, request() aside. Safe to use from any thread.
class Scheduler {
 public:
  /// All parts must outlive it.
  Scheduler(boost::asio::any_io_executor executor, SchedulerParts parts, SchedulerSettings settings);

  void start();
  /// Asks the coroutine to end: what runs is broken off and gone on with at the next start.
  void stop();
  /// Blocks until it has ended; not to be called from an executor's thread.
  void wait();

  /// Has a run of one world ("": all) begun at once, in the background; the answer is the run. Errors: conflict (one runs; the
  /// message names it), those of the store.
  boost::asio::awaitable<Result<model::NightlyRun>> request(std::string world, bool force);
  /// One look at what is due, and the work where something is; true when there was some. What start() does again and again.
  boost::asio::awaitable<Result<bool>> look();
  [[nodiscard]] SchedulerState state() const;

 private:
  struct Unclaim;
  class Lease;

  boost::asio::awaitable<void> run();
  boost::asio::awaitable<Result<std::optional<model::NightlyRun>>> take(model::JobState job);
  boost::asio::awaitable<Result<model::NightlyRun>> claim(model::JobState job, model::NightlyRun run);
  boost::asio::awaitable<Result<void>> give_up(std::string run_id, std::string successor);
  boost::asio::awaitable<Result<model::NightlyRun>> taken_up(model::JobState job);
  boost::asio::awaitable<Result<void>> perform(model::NightlyRun run);
  boost::asio::awaitable<Result<void>> end(model::NightlyRun run, model::JobState job, Result<void> worked);
  [[nodiscard]] model::NightlyRun new_run(std::string world, bool force, std::string trigger) const;
  [[nodiscard]] bool is_due(const model::JobState& job, UnixMillis now) const;
  void saw(const model::JobState& job);

  boost::asio::any_io_executor executor_;
  SchedulerParts parts_;
  const SchedulerSettings settings_;
  std::stop_source stopping_;
  std::future<void> running_;
  provider::Wakeup wake_;
  bool asked_ = false;                 ///< guarded by wake_
  std::atomic<bool> claimed_ = false;  ///< what this node holds was claimed since it started, and has not ended
  mutable std::mutex mutex_;
  model::JobState seen_;  ///< guarded by mutex_
  std::string run_id_;    ///< likewise
};

}  // namespace gibsey::jobs
