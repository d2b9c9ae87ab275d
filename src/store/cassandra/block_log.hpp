#pragma once
#include "store/cassandra/keyed_locks.hpp"
#include "store/cassandra/session.hpp"

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

namespace gibsey::store::cassandra {

/// A row to be added: the columns beside block, seq and mark, with their values.
struct LogRow {
  std::vector<Value> values;
};

/// A table whose rows are numbered from 1 without a gap, in the order in which they can be read: who has read number n will never
/// see a smaller one appear. Its rows lie in partitions of kBlock; `last`, static in each, is changed by the conditional batch
/// that adds rows. Concurrent, also with other processes.
class BlockLog {
 public:
  static constexpr std::int64_t kBlock = 4096;
  /// Rows that append() adds at once.
  static constexpr std::size_t kMost = 64;

  /// `columns`: those of a LogRow, "world, page_id".
  BlockLog(Session& session, std::string table, std::string columns, std::size_t column_count);

  /// The number of the newest row; 0 where there is none.
  Async<std::int64_t> last();
  /// Adds up to kMost rows, in two parts where a block ends between them, and answers their numbers. Error: busy, when others add
  /// all the time.
  Async<std::vector<std::int64_t>> append(std::vector<LogRow> rows);
  [[nodiscard]] static std::int64_t block_of(std::int64_t seq) { return (seq - 1) / kBlock; }

 private:
  Async<std::int64_t> last_of(std::int64_t block);
  Async<bool> has_mark(std::int64_t seq, std::string mark);

  Session& session_;
  const std::string select_last_;
  const std::string select_mark_;
  const std::string update_;
  const std::string insert_;
  KeyedLocks lock_;
  std::atomic<std::int64_t> block_{0};  ///< has rows, or is 0
};

}  // namespace gibsey::store::cassandra
