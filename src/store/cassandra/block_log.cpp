#include "store/cassandra/block_log.hpp"

#include "base/ids.hpp"

#include <algorithm>

namespace gibsey::store::cassandra {
namespace {

constexpr int kAttempts = 100;

std::string insert_statement(const std::string& table, const std::string& columns, std::size_t count) {
  std::string marks;
  for (std::size_t i = 0; i < count; ++i) marks += ", ?";
  return "INSERT INTO " + table + " (block, seq, mark, " + columns + ") VALUES (?, ?, ?" + marks + ")";
}

}  // namespace

BlockLog::BlockLog(Session& session, std::string table, std::string columns, std::size_t column_count)
    : session_(session),
      select_last_("SELECT last FROM " + table + " WHERE block = ? LIMIT 1"),
      select_mark_("SELECT mark FROM " + table + " WHERE block = ? AND seq = ?"),
      update_("UPDATE " + table + " SET last = ? WHERE block = ? IF last = ?"),
      insert_(insert_statement(table, columns, column_count)) {}

Async<std::int64_t> BlockLog::last_of(std::int64_t block) {
  GIBSEY_CO_TRY(const auto rows, co_await session_.read(cql(select_last_, block)));
  std::int64_t last = 0;
  if (!rows.empty()) rows[0] >> last;
  co_return last;
}

Async<bool> BlockLog::has_mark(std::int64_t seq, std::string mark) {
  GIBSEY_CO_TRY(const auto rows, co_await session_.read(cql(select_mark_, block_of(seq), seq), Reading::serial));
  std::string stored;
  if (!rows.empty()) rows[0] >> stored;
  co_return stored == mark;
}

Async<std::int64_t> BlockLog::last() {
  // Blocks are begun one after the other: looked for in leaps that double, from the last one that is known.
  auto block = block_.load();
  GIBSEY_CO_TRY(auto last, co_await last_of(block));
  for (std::int64_t leap = 1; leap > 0 && last == (block + 1) * kBlock;) {
    GIBSEY_CO_TRY(const auto further, co_await last_of(block + leap));
    if (further > 0) {
      block += leap;
      last = further;
      leap *= 2;
    } else {
      leap /= 2;
    }
  }
  block_ = std::max(block_.load(), block);
  co_return last;
}

Async<std::vector<std::int64_t>> BlockLog::append(std::vector<LogRow> rows) {
  const auto held = co_await lock_.take("");
  std::vector<std::int64_t> numbers;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    GIBSEY_CO_TRY(const auto last, co_await this->last());
    const auto block = block_of(last + 1);
    // What does not fit into this block begins the next.
    const auto room = static_cast<std::size_t>((block + 1) * kBlock - last);
    const auto count = std::min(rows.size(), room);
    const auto mark = random_id();
    const bool begins = last == block * kBlock;
    std::vector<Statement> batch{cql(update_, last + static_cast<std::int64_t>(count), block, begins ? null() : Value(last))};
    for (std::size_t i = 0; i < count; ++i) {
      auto insert = cql(insert_, block, last + 1 + static_cast<std::int64_t>(i), mark);
      insert.values.insert(insert.values.end(), rows[i].values.begin(), rows[i].values.end());
      batch.push_back(std::move(insert));
    }
    GIBSEY_CO_TRY(auto applied, co_await session_.apply(std::move(batch)));
    if (applied == Applied::unknown) {
      GIBSEY_CO_TRY(const bool there, co_await has_mark(last + 1, mark));
      applied = there ? Applied::yes : Applied::no;
    }
    if (applied == Applied::no) continue;
    block_ = std::max(block_.load(), block);
    for (std::size_t i = 0; i < count; ++i) numbers.push_back(last + 1 + static_cast<std::int64_t>(i));
    if (count == rows.size()) co_return numbers;
    rows.erase(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(count));
  }
  co_return fail(ErrorCode::busy, "too many writers add to one log of the store at once; try again in a moment");
}

}  // namespace gibsey::store::cassandra
