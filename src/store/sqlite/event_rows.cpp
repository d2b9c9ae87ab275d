#include "store/sqlite/event_rows.hpp"

#include "store/event_json.hpp"
#include "store/turn_check.hpp"

#include <fmt/format.h>

namespace gibsey::store::sqlite {
namespace {

struct Batch {
  std::int64_t first_seq = 0;
  std::vector<model::TurnEvent> events;
};

Result<Batch> read_batch(Row row) {
  Batch batch;
  std::int64_t last_seq = 0;
  std::string text;
  row >> batch.first_seq >> last_seq >> text;
  GIBSEY_CHECK(decode(text, batch.events));
  if (static_cast<std::int64_t>(batch.events.size()) != last_seq - batch.first_seq + 1) {
    return fail(ErrorCode::corrupt,
                fmt::format("a stored batch of {} events is numbered {} to {}; put a backup of the file in its "
                            "place",
                            batch.events.size(), batch.first_seq, last_seq));
  }
  return batch;
}

}  // namespace

Result<void> add_batch(Connection& db, std::int64_t turn, const std::string& turn_id, std::int64_t first_seq,
                       const std::vector<model::TurnEvent>& events) {
  if (events.empty()) return {};
  GIBSEY_TRY(const auto last, db.value<std::int64_t>("SELECT coalesce(max(last_seq), 0) FROM turn_events WHERE turn = ?", turn));
  GIBSEY_CHECK(check_event_number(turn_id, first_seq, last));
  return db.run("INSERT INTO turn_events (turn, first_seq, last_seq, events) VALUES (?, ?, ?, ?)", turn, first_seq,
                first_seq + static_cast<std::int64_t>(events.size()) - 1, encode(events));
}

Result<std::vector<model::NumberedEvent>> load_batches(Connection& db, std::int64_t turn, std::int64_t after_seq, int limit) {
  GIBSEY_TRY(
      auto batches,
      db.list<Batch>(  // a batch holds one event or more
          "SELECT first_seq, last_seq, events FROM turn_events WHERE turn = ? AND last_seq > ? ORDER BY last_seq LIMIT max(?, 0)",
          read_batch, turn, after_seq, limit));
  std::vector<model::NumberedEvent> numbered;
  for (auto& batch : batches) {
    auto seq = batch.first_seq;
    for (auto& event : batch.events) {
      if (seq > after_seq && static_cast<int>(numbered.size()) < limit) numbered.push_back({seq, std::move(event)});
      ++seq;
    }
  }
  return numbered;
}

Result<std::string> load_reply(Connection& db, std::int64_t turn) {
  GIBSEY_TRY(
      const auto batches,
      db.list<Batch>("SELECT first_seq, last_seq, events FROM turn_events WHERE turn = ? ORDER BY last_seq", read_batch, turn));
  std::string reply;
  for (const auto& batch : batches) {
    for (const auto& event : batch.events) follow_reply(reply, event);
  }
  return reply;
}

}  // namespace gibsey::store::sqlite
