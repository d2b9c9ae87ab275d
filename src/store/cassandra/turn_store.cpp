#include "store/cassandra/turn_store.hpp"

#include "base/ids.hpp"
#include "store/cassandra/turn_rows.hpp"
#include "store/event_json.hpp"
#include "store/turn_check.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace gibsey::store {

using namespace cassandra;

namespace {

constexpr int kAttempts = 30;
/// No turn lasts longer; one of another node that is older was left there.
constexpr std::int64_t kForgotten = std::int64_t{15} * 60 * 1'000'000;

Error too_many_writers(const std::string& id) {
  return {ErrorCode::busy, "too many writers change the turn " + id + " at once; try again in a moment"};
}

int bucket_of(const std::string& turn_id) {
  constexpr unsigned kBuckets = 16;
  unsigned sum = 0;
  for (const char c : turn_id.substr(0, 4)) sum += static_cast<unsigned char>(c);
  return static_cast<int>(sum % kBuckets);
}

Statement not_running(const std::string& turn_id) {
  return cql("DELETE FROM running_turns WHERE bucket = ? AND turn_id = ?", bucket_of(turn_id), turn_id);
}

}  // namespace

CassandraTurnStore::CassandraTurnStore(Session& session, std::string node)
    : session_(session),
      node_(std::move(node)),
      usage_(session, "usage_log",
             "user_id, client_ip, creator_slug, query, prompt_tokens, completion_tokens, total_tokens, cascade_tier, model, "
             "latency_ms, "
             "created",
             11) {}

Async<std::optional<CassandraTurnStore::TurnRow>> CassandraTurnStore::read_turn(std::string turn_id, Reading reading) {
  static const std::string kFind = "SELECT " + turn_columns() + " FROM turns WHERE id = ? LIMIT 1";
  GIBSEY_CO_TRY(const auto rows, co_await session_.read(cql(kFind, turn_id), reading));
  if (rows.empty()) co_return std::nullopt;
  TurnRow read;
  auto row = rows[0];
  row >> read.number >> read.last_event;
  if (read.number == 0) co_return std::nullopt;
  GIBSEY_CO_CHECK(read_turn_row(row, read.turn));
  co_return read;
}

Async<std::string> CassandraTurnStore::read_reply(std::string turn_id) {
  std::string reply;
  const auto follow = [&reply](Row row) -> Result<void> {
    std::string text;
    row >> text;
    if (text.empty()) return {};  // the partition's static row
    std::vector<model::TurnEvent> events;
    GIBSEY_CHECK(decode(text, events));
    for (const auto& event : events) follow_reply(reply, event);
    return {};
  };
  GIBSEY_CO_CHECK(co_await session_.each(cql("SELECT events FROM turns WHERE id = ?", turn_id), follow));
  co_return reply;
}

Async<void> CassandraTurnStore::begin(model::Turn turn) {
  const auto held = co_await locks_.take(turn.id);
  std::int64_t parent = 0;
  if (!turn.parent_id.empty() && turn.parent_id != turn.id) {
    GIBSEY_CO_TRY(const auto row, co_await read_turn(turn.parent_id));
    if (row) parent = row->number;
  }
  const auto number = clock_.next(parent);
  // Before the turn: one that runs is always listed; what names no running turn does no harm.
  GIBSEY_CO_CHECK(co_await session_.write(cql("INSERT INTO running_turns (bucket, turn_id, node, begun) VALUES (?, ?, ?, ?)",
                                              bucket_of(turn.id), turn.id, node_, number)));
  const auto mark = random_id();
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    GIBSEY_CO_TRY(const auto applied, co_await session_.apply({begin_statement(turn, number, mark)}));
    if (applied == Applied::unknown) {
      GIBSEY_CO_TRY(const auto row, co_await read_turn(turn.id, Reading::serial));
      if (!row) continue;
      if (row->number != number) co_return std::unexpected(turn_exists(turn.id));
    }
    if (applied == Applied::no) co_return std::unexpected(turn_exists(turn.id));
    co_return co_await note_member({.number = number,
                                    .turn_id = turn.id,
                                    .user_id = turn.user_id,
                                    .world = turn.world,
                                    .character_id = turn.character_id,
                                    .question = turn.question,
                                    .created = turn.created,
                                    .updated = turn.updated},
                                   turn.conversation_id);
  }
  co_return std::unexpected(too_many_writers(turn.id));
}

Async<bool> CassandraTurnStore::has_batch(std::string turn_id, std::int64_t last_seq, std::string batch) {
  GIBSEY_CO_TRY(const auto rows,
                co_await session_.read(cql("SELECT batch_mark FROM turns WHERE id = ? AND last_seq = ?", turn_id, last_seq),
                                       Reading::serial));
  std::string stored;
  if (!rows.empty()) rows[0] >> stored;
  co_return stored == batch;
}

Async<void> CassandraTurnStore::append_events(std::string turn_id, std::int64_t first_seq, std::vector<model::TurnEvent> events) {
  const auto held = co_await locks_.take(turn_id);
  const auto batch = random_id();
  const auto last_seq = first_seq + static_cast<std::int64_t>(events.size()) - 1;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (!events.empty() && first_seq > 0) {
      GIBSEY_CO_TRY(
          auto applied,
          co_await session_.apply({cql("UPDATE turns SET last_event = ? WHERE id = ? IF status = 'running' AND last_event < ?",
                                       last_seq, turn_id, first_seq),
                                   events_statement(turn_id, first_seq, batch, events)}));
      if (applied == Applied::yes) co_return Result<void>();
      if (applied == Applied::unknown) {
        GIBSEY_CO_TRY(const bool there, co_await has_batch(turn_id, last_seq, batch));
        if (there) co_return Result<void>();
        continue;
      }
    }
    // What stood in the way.
    GIBSEY_CO_TRY(const auto row, co_await read_turn(turn_id, Reading::serial));
    if (!row || row->turn.status != model::TurnStatus::running) co_return std::unexpected(no_running_turn(turn_id));
    if (events.empty()) co_return Result<void>();
    GIBSEY_CO_CHECK(check_event_number(turn_id, first_seq, row->last_event));
  }
  co_return std::unexpected(too_many_writers(turn_id));
}

Async<void> CassandraTurnStore::finish(model::Turn turn, std::int64_t first_seq, std::vector<model::TurnEvent> events) {
  const auto held = co_await locks_.take(turn.id);
  const auto mark = random_id();
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    GIBSEY_CO_TRY(const auto row, co_await read_turn(turn.id));
    if (!row) co_return std::unexpected(unknown_turn(turn.id));
    if (!events.empty()) GIBSEY_CO_CHECK(check_event_number(turn.id, first_seq, row->last_event));
    const auto last = events.empty() ? row->last_event : first_seq + static_cast<std::int64_t>(events.size()) - 1;
    std::vector<Statement> batch{finish_statement(turn, last, mark, "last_event = ?", Value(row->last_event))};
    if (!events.empty()) batch.push_back(events_statement(turn.id, first_seq, mark, events));
    GIBSEY_CO_TRY(auto applied, co_await session_.apply(std::move(batch)));
    if (applied == Applied::unknown) {
      GIBSEY_CO_TRY(const auto rows,
                    co_await session_.read(cql("SELECT mark FROM turns WHERE id = ? LIMIT 1", turn.id), Reading::serial));
      std::string stored;
      if (!rows.empty()) rows[0] >> stored;
      applied = stored == mark ? Applied::yes : Applied::no;
    }
    if (applied == Applied::no) continue;
    if (turn.status != model::TurnStatus::running) GIBSEY_CO_CHECK(co_await session_.write(not_running(turn.id)));
    co_return co_await note_updated(*row, turn.updated);
  }
  co_return std::unexpected(too_many_writers(turn.id));
}

Async<std::optional<model::Turn>> CassandraTurnStore::find(std::string turn_id) {
  GIBSEY_CO_TRY(auto row, co_await read_turn(turn_id));
  if (!row) co_return std::nullopt;
  if (row->turn.status == model::TurnStatus::running) {
    GIBSEY_CO_TRY(row->turn.reply, co_await read_reply(turn_id));
  }
  co_return std::move(row->turn);
}

Async<std::vector<model::NumberedEvent>> CassandraTurnStore::events(std::string turn_id, std::int64_t after_seq, int limit) {
  std::vector<model::NumberedEvent> numbered;
  if (limit <= 0) co_return numbered;
  const auto keep = [&](Row row) -> Result<void> {
    std::int64_t last = 0;
    std::int64_t seq = 0;
    std::string text;
    row >> last >> seq >> text;
    std::vector<model::TurnEvent> batch;
    GIBSEY_CHECK(decode(text, batch));
    if (static_cast<std::int64_t>(batch.size()) != last - seq + 1) {
      return fail(ErrorCode::corrupt, fmt::format("a stored batch of {} events is numbered {} to {}", batch.size(), seq, last));
    }
    for (auto& event : batch) {
      if (seq > after_seq && static_cast<int>(numbered.size()) < limit) numbered.push_back({seq, std::move(event)});
      ++seq;
    }
    return {};
  };
  // A batch holds one event or more.
  GIBSEY_CO_CHECK(co_await session_.each(
      cql("SELECT last_seq, first_seq, events FROM turns WHERE id = ? AND last_seq > ? LIMIT ?", turn_id, after_seq, limit),
      keep));
  co_return numbered;
}

Async<std::vector<model::Turn>> CassandraTurnStore::history(std::string last_turn_id, std::string user_id, int limit) {
  std::vector<model::Turn> newest_first;
  std::string conversation_id;
  std::int64_t child = 0;
  auto next = last_turn_id;
  while (!next.empty() && static_cast<int>(newest_first.size()) < limit) {
    GIBSEY_CO_TRY(auto row, co_await read_turn(next));
    if (!row || row->turn.user_id != user_id) break;
    if (child != 0 && (row->turn.conversation_id != conversation_id || row->number >= child)) break;
    child = row->number;
    conversation_id = row->turn.conversation_id;
    next = row->turn.parent_id;
    if (row->turn.status != model::TurnStatus::running) newest_first.push_back(std::move(row->turn));
  }
  std::ranges::reverse(newest_first);
  co_return newest_first;
}

Async<std::vector<model::Turn>> CassandraTurnStore::list_running() {
  struct Listed {
    std::string id;
    std::string node;
    std::int64_t begun = 0;
  };
  std::vector<Listed> listed;
  const auto keep = [&listed](Row row) {
    auto& one = listed.emplace_back();
    row >> one.id >> one.node >> one.begun;
    return Result<void>();
  };
  GIBSEY_CO_CHECK(co_await session_.each(cql("SELECT turn_id, node, begun FROM running_turns"), keep));
  std::ranges::sort(listed, {}, &Listed::begun);
  const auto forgotten = clock_.next() - kForgotten;
  std::vector<model::Turn> running;
  for (const auto& one : listed) {
    if (one.node != node_ && one.begun > forgotten) continue;
    GIBSEY_CO_TRY(auto turn, co_await find(one.id));
    if (turn && turn->status == model::TurnStatus::running) {
      running.push_back(*std::move(turn));
    } else if (turn || one.begun < forgotten) {  // one that is not there may be about to begin
      GIBSEY_CO_CHECK(co_await session_.write(not_running(one.id)));
    }
  }
  co_return running;
}

Async<std::int64_t> CassandraTurnStore::count() {
  std::int64_t count = 0;
  const auto add = [&count](Row) {
    ++count;
    return Result<void>();
  };
  GIBSEY_CO_CHECK(co_await session_.each(cql("SELECT DISTINCT id FROM turns"), add));
  co_return count;
}

}  // namespace gibsey::store
