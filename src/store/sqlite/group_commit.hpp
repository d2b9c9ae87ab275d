#pragma once
#include "store/sqlite/job_queue.hpp"

#include <span>

namespace gibsey::store::sqlite {

/// Runs all jobs in one transaction, each in its own savepoint, and commits. A job that answers an error is undone alone.
/// When the transaction itself fails (disk full, I/O error) every job in it answers that error. Resumes nobody.
void commit_group(Connection& connection, std::span<WaitingJob> group);

}  // namespace gibsey::store::sqlite
