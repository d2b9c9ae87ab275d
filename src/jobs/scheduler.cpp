#include "jobs/scheduler.hpp"

#include "base/ids.hpp"
#include "base/log.hpp"

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <exception>
#include <utility>

namespace gibsey::jobs {

namespace asio = boost::asio;

namespace {

/// A run that ends its process each time must end some day.
constexpr int kMostBeginnings = 10;

}  // namespace

/// The hold on the job while a run works.
class Scheduler::Lease final : public Keeper {
 public:
  Lease(Scheduler& scheduler, model::JobState job) : scheduler_(scheduler), job_(std::move(job)) {}

  asio::awaitable<Result<void>> keep(model::NightlyRun& run) override {
    if (scheduler_.stopping_.stop_requested()) co_return fail(ErrorCode::cancelled, "the server is stopping");
    const auto now = scheduler_.parts_.clock();
    const auto lease = scheduler_.settings_.lease.count();
    if (job_.held_until - now < lease / 2) {
      auto wanted = job_;
      wanted.held_until = now + lease;
      GIBSEY_CO_TRY(job_, co_await scheduler_.parts_.notes.change_job(std::move(wanted)));
      scheduler_.saw(job_);
    }
    run.updated = now;
    co_return co_await scheduler_.parts_.notes.put_run(run);
  }
  [[nodiscard]] const model::JobState& state() const override { return job_; }
  [[nodiscard]] std::stop_token stop() const override { return scheduler_.stopping_.get_token(); }

 private:
  Scheduler& scheduler_;
  model::JobState job_;
};

Scheduler::Scheduler(asio::any_io_executor executor, SchedulerParts parts, SchedulerSettings settings)
    : executor_(std::move(executor)), parts_(std::move(parts)), settings_(std::move(settings)) {
  seen_.name = settings_.job;
}

void Scheduler::start() {
  running_ = asio::co_spawn(executor_, run(), asio::use_future);
}

void Scheduler::stop() {
  stopping_.request_stop();
  const std::lock_guard lock(wake_.mutex());
  wake_.notify();
}

void Scheduler::wait() {
  if (running_.valid()) running_.get();
}

SchedulerState Scheduler::state() const {
  SchedulerState state;
  {
    const std::lock_guard lock(mutex_);
    state.job = seen_;
    state.running = run_id_;
  }
  if (settings_.schedule) state.next = settings_.zone->next(*settings_.schedule, parts_.clock());
  return state;
}

void Scheduler::saw(const model::JobState& job) {
  const std::lock_guard lock(mutex_);
  seen_ = job;
}

asio::awaitable<void> Scheduler::run() {
  while (!stopping_.stop_requested()) {
    {
      const std::lock_guard lock(wake_.mutex());
      asked_ = false;
    }
    const auto looked = co_await look();
    if (!looked) log::error("the nightly run was not looked after: {}", looked.error().message);
    if (looked && *looked) continue;
    co_await wake_.wait([this] { return asked_ || stopping_.stop_requested(); },
                        std::chrono::steady_clock::now() + settings_.look_every);
  }
}

model::NightlyRun Scheduler::new_run(std::string world, bool force, std::string trigger) const {
  const auto now = parts_.clock();
  return {.id = random_id(),
          .world = std::move(world),
          .force = force,
          .trigger = std::move(trigger),
          .started = now,
          .updated = now};
}

bool Scheduler::is_due(const model::JobState& job, UnixMillis now) const {
  if (!settings_.schedule || job.last_due == 0) return false;
  const auto next = settings_.zone->next(*settings_.schedule, job.last_due);
  return next && *next <= now;
}

asio::awaitable<Result<bool>> Scheduler::look() {
  GIBSEY_CO_TRY(auto job, co_await parts_.notes.find_job(settings_.job));
  saw(job);
  auto taken = co_await take(std::move(job));
  // Another node was faster, and does it.
  if (!taken && taken.error().code == ErrorCode::conflict) co_return false;
  if (!taken) co_return std::unexpected(std::move(taken).error());
  if (!*taken) co_return false;
  GIBSEY_CO_CHECK(co_await perform(**std::move(taken)));
  co_return true;
}

/// The run that this node is to do now, if there is one.
asio::awaitable<Result<std::optional<model::NightlyRun>>> Scheduler::take(model::JobState job) {
  using Taken = std::optional<model::NightlyRun>;
  const auto now = parts_.clock();
  if (!job.holder.empty()) {
    const bool own = job.holder == settings_.node;
    if (!own && !settings_.alone && job.held_until > now) co_return Taken();
    GIBSEY_CO_TRY(auto run, co_await taken_up(std::move(job)));
    co_return Taken(std::move(run));
  }
  if (is_due(job, now)) {
    job.last_due = now;
    GIBSEY_CO_TRY(auto run, co_await claim(std::move(job), new_run("", false, "schedule")));
    co_return Taken(std::move(run));
  }
  if (job.retry_at > 0 && job.retry_at <= now) {
    GIBSEY_CO_TRY(auto run, co_await taken_up(std::move(job)));
    co_return Taken(std::move(run));
  }
  if (job.last_due == 0 && settings_.schedule) {
    // What was due before there was anybody to do it is not made up for.
    job.last_due = now;
    GIBSEY_CO_TRY(const auto noted, co_await parts_.notes.change_job(std::move(job)));
    saw(noted);
  }
  co_return Taken();
}

/// Whoever changes the row first has the run; only then is it recorded.
asio::awaitable<Result<model::NightlyRun>> Scheduler::claim(model::JobState job, model::NightlyRun run) {
  job.holder = settings_.node;
  job.held_until = parts_.clock() + settings_.lease.count();
  const auto before = job.run_id == run.id ? std::string() : job.run_id;
  if (job.run_id != run.id) {
    job.attempts = 0;
    job.run_id = run.id;
  }
  job.retry_at = 0;
  GIBSEY_CO_TRY(const auto held, co_await parts_.notes.change_job(std::move(job)));
  saw(held);
  claimed_ = true;
  GIBSEY_CO_CHECK(co_await parts_.notes.put_run(run));
  if (!before.empty()) GIBSEY_CO_CHECK(co_await give_up(before, run.id));
  co_return run;
}

/// A run that was to be gone on with, or tried again, and has made way for another.
asio::awaitable<Result<void>> Scheduler::give_up(std::string run_id, std::string successor) {
  GIBSEY_CO_TRY(auto run, co_await parts_.notes.find_run(std::move(run_id)));
  if (!run || run->status != model::RunStatus::running) co_return Result<void>();
  run->status = model::RunStatus::failed;
  run->error = fmt::format("it was broken off, and the run {} took its place", successor);
  run->ended = parts_.clock();
  co_return co_await parts_.notes.put_run(*std::move(run));
}

/// Goes on with the job's run. One whose record a crash has kept from being written is begun anew under its name.
asio::awaitable<Result<model::NightlyRun>> Scheduler::taken_up(model::JobState job) {
  GIBSEY_CO_TRY(auto found, co_await parts_.notes.find_run(job.run_id));
  auto run = found ? *std::move(found) : new_run("", false, "schedule");
  run.id = job.run_id;
  co_return co_await claim(std::move(job), std::move(run));
}

asio::awaitable<Result<model::NightlyRun>> Scheduler::request(std::string world, bool force) {
  GIBSEY_CO_TRY(auto job, co_await parts_.notes.find_job(settings_.job));
  // What is held in this node's name but was not claimed by this process is what a crash left.
  const bool lives = job.holder == settings_.node ? claimed_.load() : !settings_.alone;
  if (!job.holder.empty() && lives && job.held_until > parts_.clock())
    co_return fail(ErrorCode::conflict, fmt::format("the run {} is under way; ask again when it has ended", job.run_id));
  auto run = co_await claim(std::move(job), new_run(std::move(world), force, "request"));
  if (!run && run.error().code == ErrorCode::conflict)
    run.error().message = "another run has just begun; ask again when it has ended";
  if (!run) co_return std::unexpected(std::move(run).error());
  const std::lock_guard lock(wake_.mutex());
  asked_ = true;
  wake_.notify();
  co_return run;
}

asio::awaitable<Result<void>> Scheduler::perform(model::NightlyRun run) {
  GIBSEY_CO_TRY(auto job, co_await parts_.notes.find_job(settings_.job));
  // Between the claim and now the lease can have gone to another node.
  if (job.holder != settings_.node || job.run_id != run.id) co_return Result<void>();
  run.status = model::RunStatus::running;
  run.error.clear();
  run.ended = 0;
  ++run.attempts;
  {
    const std::lock_guard lock(mutex_);
    run_id_ = run.id;
  }
  log::info("nightly run {} begins (attempt {})", run.id, run.attempts);
  Lease lease(*this, job);
  auto worked = co_await lease.keep(run);
  if (worked && run.attempts > kMostBeginnings)
    worked = fail(ErrorCode::internal, fmt::format("it was begun {} times and never ended", kMostBeginnings));
  if (worked) {
    try {
      worked = co_await parts_.job.work(run, lease);
    } catch (const std::exception& bug) {
      worked = fail(ErrorCode::internal, bug.what());
    }
  }
  {
    const std::lock_guard lock(mutex_);
    run_id_.clear();
  }
  co_return co_await end(std::move(run), lease.state(), std::move(worked));
}

/// At its end nothing is claimed any more.
struct Scheduler::Unclaim {
  explicit Unclaim(std::atomic<bool>& claimed) : claimed_(claimed) {}
  ~Unclaim() { claimed_ = false; }
  Unclaim(const Unclaim&) = delete;
  Unclaim& operator=(const Unclaim&) = delete;

 private:
  std::atomic<bool>& claimed_;
};

asio::awaitable<Result<void>> Scheduler::end(model::NightlyRun run, model::JobState job, Result<void> worked) {
  // Not before the row says so: until then it is no crash that left this node's name there.
  const Unclaim when_written{claimed_};
  const auto now = parts_.clock();
  const bool lost = !worked && worked.error().code == ErrorCode::conflict;
  if (lost) {
    log::warn("nightly run {}: {}", run.id, worked.error().message);
    co_return Result<void>();
  }
  job.holder.clear();
  job.held_until = 0;
  run.updated = now;
  if (!worked && worked.error().code == ErrorCode::cancelled) {
    job.retry_at = now;
    GIBSEY_CO_CHECK(co_await parts_.notes.put_run(run));
    GIBSEY_CO_TRY(job, co_await parts_.notes.change_job(std::move(job)));
    saw(job);
    co_return Result<void>();
  }
  run.ended = now;
  run.status = worked ? model::RunStatus::done : model::RunStatus::failed;
  std::optional<UnixMillis> retry_at;
  if (worked) {
    job.last_done = now;
    job.last_error.clear();
    job.attempts = 0;
    if (run.counts.left_over == 0) {
      for (const auto& [world, change] : run.covers) job.covered[world] = change;
    }
  } else {
    run.error = worked.error().message;
    job.last_error = run.error;
    ++job.attempts;
    const auto pause = settings_.retry_after.count() << std::min(job.attempts - 1, 16);
    if (job.attempts < settings_.attempts && run.attempts <= kMostBeginnings) retry_at = now + pause;
  }
  job.retry_at = retry_at.value_or(0);
  if (!retry_at) job.run_id.clear();
  GIBSEY_CO_CHECK(co_await parts_.notes.put_run(run));
  GIBSEY_CO_TRY(job, co_await parts_.notes.change_job(std::move(job)));
  saw(job);
  if (parts_.count) parts_.count("nightly_runs", to_string(run.status), 1);
  const auto& counts = run.counts;
  if (worked) {
    log::info("nightly run {}: {} clusters, {} notes written, {} extracts, {} unchanged", run.id, counts.clusters, counts.written,
              counts.extractive, counts.unchanged);
    co_return Result<void>();
  }
  log::error("nightly run {} failed: {}{}", run.id, run.error,
             retry_at ? fmt::format("; it is tried again at {}", iso8601(*retry_at)) : "; it is not tried again");
  if (parts_.alarm != nullptr) co_await parts_.alarm->failed(run, retry_at);
  co_return Result<void>();
}

}  // namespace gibsey::jobs
