#pragma once
#include "store/sqlite/connection.hpp"
#include "store/sqlite/job_queue.hpp"
#include "store/sqlite/migration.hpp"

#include <filesystem>
#include <memory>
#include <thread>
#include <vector>

namespace gibsey::store::sqlite {

struct DatabaseOptions {
  std::size_t readers = 2;           ///< reading threads, each with its own connection
  std::size_t queue_bound = 10'000;  ///< calls that may wait to write, and as many to read; past it they are refused: busy
};

/// A database file with one writing thread and a few reading ones. Writes are committed in groups: all that wait run in
/// one transaction, each in its own savepoint, so that a failing one undoes nothing but itself; they are answered when
/// the commit has been synced to the disk. A read sees one state of the file, with every write acknowledged before it
/// began.
class Database {
 public:
  /// Opens or makes the file, and its folder, and brings it to the last form of `migrations`. Blocks. Errors:
  /// unavailable, corrupt.
  static Result<std::unique_ptr<Database>> open(const std::filesystem::path& path, Migrations migrations,
                                                DatabaseOptions options = {});

  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database() { close(); }

  /// Runs `work(Connection&) -> Result<T>` on the writing thread, inside a transaction that is not its own to end.
  /// Suspends the caller, who goes on, on its own executor, when the write is durable or undone. Once begun it is not
  /// cancelled. Errors: those of `work` and of sqlite_error.hpp; busy; unavailable after close.
  template <typename Work>
  boost::asio::awaitable<std::invoke_result_t<Work&, Connection&>> write(Work work) {
    JobOf<Work> job(std::move(work));
    co_await writes_.run(job);
    co_return job.take_answer();
  }

  /// The same on a reading thread; `work` cannot write.
  template <typename Work>
  boost::asio::awaitable<std::invoke_result_t<Work&, Connection&>> read(Work work) {
    JobOf<Work> job(std::move(work));
    co_await reads_.run(job);
    co_return job.take_answer();
  }

  /// Does what is queued, ends the threads and closes the file; blocks until then. May be called again; not by two
  /// threads at once. The executors of the waiting callers must still exist.
  void close();

 private:
  Database(std::string path, DatabaseOptions options);
  void run_writes();
  void run_reads(Connection& connection);

  JobQueue writes_;
  JobQueue reads_;
  std::unique_ptr<Connection> writer_;
  std::vector<std::unique_ptr<Connection>> readers_;
  std::vector<std::thread> threads_;
};

}  // namespace gibsey::store::sqlite
