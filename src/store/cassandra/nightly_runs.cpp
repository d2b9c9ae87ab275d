// The runs and the jobs of CassandraNoteStore.
#include "store/cassandra/note_store.hpp"

#include "base/ids.hpp"
#include "store/note_check.hpp"
#include "store/note_json.hpp"

#include <algorithm>

namespace gibsey::store {

using namespace cassandra;

namespace {

constexpr int kAttempts = 10;
constexpr int kAtOnce = 100;
/// The one partition of runs_in_order: a few rows a day.
constexpr int kPart = 0;

const std::string kRunColumns =
    "id, world, force, trigger, status, attempts, counts, error, planned, covers, started, updated, ended";

/// Without the plan.
Result<model::NightlyRun> read_run(Row& row) {
  model::NightlyRun run;
  std::string status;
  std::string counts;
  std::string covers;
  row >> run.id >> run.world >> run.force >> run.trigger >> status >> run.attempts >> counts >> run.error >> run.planned >>
      covers >> run.started >> run.updated >> run.ended;
  using enum model::RunStatus;
  run.status = status == to_string(done) ? done : status == to_string(failed) ? failed : running;
  GIBSEY_CHECK(decode(counts, run.counts));
  GIBSEY_CHECK(decode(covers, run.covers));
  return run;
}

Result<model::JobState> read_job(Row row) {
  model::JobState job;
  std::string covered;
  row >> job.name >> job.revision >> job.holder >> job.held_until >> job.run_id >> job.last_due >> job.attempts >> job.retry_at >>
      job.last_done >> job.last_error >> covered;
  GIBSEY_CHECK(decode(covered, job.covered));
  return job;
}

}  // namespace

Async<void> CassandraNoteStore::put_run(model::NightlyRun run) {
  static const std::string kPut =
      "INSERT INTO nightly_runs (" + kRunColumns + ", plan) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
  GIBSEY_CO_CHECK(
      co_await session_.write(cql("INSERT INTO runs_in_order (part, started, id) VALUES (?, ?, ?)", kPart, run.started, run.id)));
  co_return co_await session_.write(cql(kPut, run.id, run.world, run.force, run.trigger, to_string(run.status), run.attempts,
                                        encode(run.counts), run.error, run.planned, encode(run.covers), run.started, run.updated,
                                        run.ended, encode(run.plan)));
}

Async<std::optional<model::NightlyRun>> CassandraNoteStore::find_run(std::string id) {
  static const std::string kFind = "SELECT " + kRunColumns + ", plan FROM nightly_runs WHERE id = ?";
  if (id.empty()) co_return std::nullopt;
  GIBSEY_CO_TRY(const auto rows, co_await session_.read(cql(kFind, id)));
  if (rows.empty()) co_return std::nullopt;
  auto row = rows[0];
  GIBSEY_CO_TRY(auto run, read_run(row));
  std::string plan;
  row >> plan;
  GIBSEY_CO_CHECK(decode(plan, run.plan));
  co_return std::optional(std::move(run));
}

Async<std::optional<model::NightlyRun>> CassandraNoteStore::find_planless_run(std::string id) {
  static const std::string kFind = "SELECT " + kRunColumns + " FROM nightly_runs WHERE id = ?";
  GIBSEY_CO_TRY(const auto rows, co_await session_.read(cql(kFind, id)));
  if (rows.empty()) co_return std::nullopt;
  auto row = rows[0];
  GIBSEY_CO_TRY(auto run, read_run(row));
  co_return std::optional(std::move(run));
}

Async<std::vector<CassandraNoteStore::RunPlace>> CassandraNoteStore::run_places(std::optional<RunPlace> behind, int limit) {
  auto statement = cql("SELECT started, id FROM runs_in_order WHERE part = ?", kPart);
  if (behind) {
    statement.text += " AND (started, id) < (?, ?)";
    statement.values.push_back(to_value(behind->started));
    statement.values.push_back(to_value(behind->id));
  }
  statement.text += " LIMIT ?";
  statement.values.push_back(to_value(limit));
  std::vector<RunPlace> places;
  const auto keep = [&places](Row row) {
    auto& place = places.emplace_back();
    row >> place.started >> place.id;
    return Result<void>();
  };
  GIBSEY_CO_CHECK(co_await session_.each(std::move(statement), keep));
  co_return places;
}

Async<std::vector<model::NightlyRun>> CassandraNoteStore::list_runs(int limit) {
  std::vector<model::NightlyRun> runs;
  std::optional<RunPlace> behind;
  while (std::cmp_less(runs.size(), limit)) {
    const int wanted = std::min(kAtOnce, limit - static_cast<int>(runs.size()));
    GIBSEY_CO_TRY(const auto places, co_await run_places(behind, wanted));
    for (const auto& place : places) {
      GIBSEY_CO_TRY(auto run, co_await find_planless_run(place.id));
      // One that a crash kept from being written, or that was begun anew later, is not there at this time.
      if (run && run->started == place.started) runs.push_back(*std::move(run));
    }
    if (std::cmp_less(places.size(), wanted)) break;
    behind = places.back();
  }
  co_return runs;
}

Async<model::JobState> CassandraNoteStore::find_job(std::string name) {
  GIBSEY_CO_TRY(const auto rows,
                co_await session_.read(cql("SELECT name, revision, holder, held_until, run_id, last_due, attempts, retry_at, "
                                           "last_done, last_error, covered FROM jobs WHERE name = ?",
                                           name)));
  if (rows.empty()) co_return model::JobState{.name = name};
  co_return read_job(rows[0]);
}

Async<bool> CassandraNoteStore::write_job(const model::JobState& job) {
  static const std::string kInsert =
      "INSERT INTO jobs (revision, holder, held_until, run_id, last_due, attempts, retry_at, last_done, last_error, covered, "
      "mark, "
      "name) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) IF NOT EXISTS";
  static const std::string kUpdate =
      "UPDATE jobs SET revision = ?, holder = ?, held_until = ?, run_id = ?, last_due = ?, attempts = ?, retry_at = ?, "
      "last_done = ?, last_error = ?, covered = ?, mark = ? WHERE name = ? IF revision = ?";
  const auto mark = random_id();
  const bool fresh = job.revision == 0;
  auto statement = cql(fresh ? kInsert : kUpdate, job.revision + 1, job.holder, job.held_until, job.run_id, job.last_due,
                       job.attempts, job.retry_at, job.last_done, job.last_error, encode(job.covered), mark, job.name);
  if (!fresh) statement.values.push_back(to_value(job.revision));
  GIBSEY_CO_TRY(const auto applied, co_await session_.apply({std::move(statement)}));
  if (applied != Applied::unknown) co_return applied == Applied::yes;
  GIBSEY_CO_TRY(const auto rows, co_await session_.read(cql("SELECT mark FROM jobs WHERE name = ?", job.name), Reading::serial));
  std::string stored;
  if (!rows.empty()) rows[0] >> stored;
  co_return stored == mark;
}

Async<model::JobState> CassandraNoteStore::change_job(model::JobState job) {
  const auto held = co_await locks_.take("job\n" + job.name);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    GIBSEY_CO_TRY(const auto now, co_await find_job(job.name));
    GIBSEY_CO_CHECK(check_revision(job, now.revision));
    GIBSEY_CO_TRY(const bool written, co_await write_job(job));
    if (!written) continue;
    ++job.revision;
    co_return job;
  }
  co_return fail(ErrorCode::busy, "the job " + job.name + " could not be taken; try again in a moment");
}

}  // namespace gibsey::store
