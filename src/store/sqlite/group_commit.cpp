#include "store/sqlite/group_commit.hpp"

#include "store/sqlite/connection.hpp"

namespace gibsey::store::sqlite {
namespace {

void refuse_all(std::span<WaitingJob> jobs, const Error& error) {
  for (auto& waiting : jobs) waiting.job->refuse(error);
}

/// Runs the job inside a savepoint. The error is that of the transaction, not that of the job.
Result<void> run_in_savepoint(Connection& connection, Job& job) {
  GIBSEY_CHECK(connection.run("SAVEPOINT job"));
  const auto done = job.run(connection);
  // SQLite gives a whole transaction up by itself when the disk is full or broken: the writes before this one are lost
  // with it.
  if (!done && !connection.in_transaction()) return done;
  if (!done) GIBSEY_CHECK(connection.run("ROLLBACK TO job"));
  return connection.run("RELEASE job");
}

/// Runs jobs from the front until the transaction fails or all have run; answers how many ran.
std::size_t run_transaction(Connection& connection, std::span<WaitingJob> jobs) {
  if (auto begun = connection.run("BEGIN IMMEDIATE"); !begun) {
    refuse_all(jobs, begun.error());
    return jobs.size();
  }
  std::size_t count = 0;
  Result<void> good;
  while (good && count < jobs.size()) good = run_in_savepoint(connection, *jobs[count++].job);
  if (good) good = connection.run("COMMIT");
  if (!good) {
    refuse_all(jobs.first(count), good.error());
    if (connection.in_transaction()) static_cast<void>(connection.run("ROLLBACK"));
  }
  return count;
}

}  // namespace

void commit_group(Connection& connection, std::span<WaitingJob> group) {
  while (!group.empty()) group = group.subspan(run_transaction(connection, group));
}

}  // namespace gibsey::store::sqlite
