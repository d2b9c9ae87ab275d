#include "store/sqlite/turn_rows.hpp"

#include "store/event_json.hpp"
#include "store/model_json.hpp"
#include "store/sqlite/conversation_rows.hpp"
#include "store/sqlite/event_rows.hpp"
#include "store/turn_check.hpp"

#include <fmt/format.h>

#include <array>

namespace gibsey::store::sqlite {
namespace {

// What begin says of a turn, then what finish says of it; `with_columns` and `read_turn` keep this order.
constexpr std::array kIdentity{"id",    "conversation_id", "parent_id", "dialect", "user_id",
                               "world", "character_id",    "question",  "created"};
constexpr std::array kEnding{"reply",          "status",        "hold_id",
                             "sources",        "quotes",        "receipt",
                             "retrieval",      "prompt_tokens", "completion_tokens",
                             "provider",       "model",         "finish_reason",
                             "error",          "error_code",    "fallback_used",
                             "included",       "cut",           "sentiment",
                             "temperature",    "top_p",         "personality_weight",
                             "phases",         "calls",         "false_quotes",
                             "first_token_ms", "total_ms",      "updated"};

/// "t.id, t.conversation_id, ..." for the table `t`.
std::string columns_of(const char* table) {
  std::string names;
  for (const auto* name : kIdentity) names += fmt::format("{}{}.{}", names.empty() ? "" : ", ", table, name);
  for (const auto* name : kEnding) names += fmt::format(", {}.{}", table, name);
  return names;
}

std::string insert_statement() {
  std::string parameters = "?1";
  for (std::size_t i = 2; i <= kIdentity.size() + kEnding.size(); ++i) parameters += fmt::format(", ?{}", i);
  return fmt::format("INSERT INTO turns ({}, {}) VALUES ({}) ON CONFLICT (id) DO NOTHING", fmt::join(kIdentity, ", "),
                     fmt::join(kEnding, ", "), parameters);
}

/// Takes the same parameters as the insert; those of the identity but the id are not used.
std::string update_statement() {
  std::string assignments;
  for (std::size_t i = 0; i < kEnding.size(); ++i) {
    assignments += fmt::format("{}{} = ?{}", i == 0 ? "" : ", ", kEnding[i], kIdentity.size() + i + 1);
  }
  return fmt::format("UPDATE turns SET {} WHERE id = ?1 RETURNING number", assignments);
}

/// Calls `write` with the value of every column.
template <typename Write>
auto with_columns(const model::Turn& turn, model::TurnStatus status, const std::string& reply, Write write) {
  const auto receipt = turn.receipt ? std::optional(encode(*turn.receipt)) : std::nullopt;
  const auto sentiment = turn.sentiment ? std::optional(encode(*turn.sentiment)) : std::nullopt;
  return write(turn.id, turn.conversation_id, turn.parent_id, turn.dialect, turn.user_id, turn.world, turn.character_id,
               turn.question, turn.created, reply, model::to_string(status), turn.hold_id, encode(turn.sources),
               encode(turn.quotes), receipt, turn.retrieval, turn.usage.prompt_tokens, turn.usage.completion_tokens,
               turn.provider, turn.model, turn.finish_reason, turn.error, turn.error_code, turn.fallback_used,
               encode(turn.included), encode(turn.cut), sentiment, turn.temperature, turn.top_p, turn.personality_weight,
               encode(turn.phases), encode(turn.calls), turn.false_quotes, turn.first_token_ms, turn.total_ms, turn.updated);
}

struct TurnTexts {
  std::string status, sources, quotes, included, cut, phases, calls;
  std::optional<std::string> receipt, sentiment;
};

Result<void> decode_texts(const TurnTexts& texts, model::Turn& turn) {
  const auto status = model::parse_turn_status(texts.status);
  if (!status) return fail(ErrorCode::corrupt, fmt::format("the stored turn {} has an unknown status", turn.id));
  turn.status = *status;
  GIBSEY_CHECK(decode(texts.sources, turn.sources));
  GIBSEY_CHECK(decode(texts.quotes, turn.quotes));
  GIBSEY_CHECK(decode(texts.included, turn.included));
  GIBSEY_CHECK(decode(texts.cut, turn.cut));
  GIBSEY_CHECK(decode(texts.phases, turn.phases));
  GIBSEY_CHECK(decode(texts.calls, turn.calls));
  if (texts.receipt) GIBSEY_CHECK(decode(*texts.receipt, turn.receipt.emplace()));
  if (texts.sentiment) GIBSEY_CHECK(decode(*texts.sentiment, turn.sentiment.emplace()));
  return {};
}

struct TurnRow {
  std::int64_t number = 0;
  model::Turn turn;
};

/// Reads the number and then all columns.
Result<TurnRow> read_turn(Row row) {
  TurnRow read;
  auto& turn = read.turn;
  TurnTexts texts;
  row >> read.number >> turn.id >> turn.conversation_id >> turn.parent_id >> turn.dialect >> turn.user_id >> turn.world >>
      turn.character_id >> turn.question >> turn.created;
  row >> turn.reply >> texts.status >> turn.hold_id >> texts.sources >> texts.quotes >> texts.receipt >> turn.retrieval >>
      turn.usage.prompt_tokens >> turn.usage.completion_tokens >> turn.provider >> turn.model >> turn.finish_reason >>
      turn.error >> turn.error_code >> turn.fallback_used >> texts.included >> texts.cut >> texts.sentiment >> turn.temperature >>
      turn.top_p >> turn.personality_weight >> texts.phases >> texts.calls >> turn.false_quotes >> turn.first_token_ms >>
      turn.total_ms >> turn.updated;
  GIBSEY_CHECK(decode_texts(texts, turn));
  return read;
}

/// The turns of `rows`, the running ones with the reply that their logs hold.
Result<std::vector<model::Turn>> with_replies(Connection& db, std::vector<TurnRow> rows) {
  std::vector<model::Turn> turns;
  for (auto& [number, turn] : rows) {
    if (turn.status == model::TurnStatus::running) {
      GIBSEY_TRY(turn.reply, load_reply(db, number));
    }
    turns.push_back(std::move(turn));
  }
  return turns;
}

template <typename... Values>
Result<std::vector<model::Turn>> select_turns(Connection& db, const std::string& sql, const Values&... values) {
  GIBSEY_TRY(auto rows, db.list<TurnRow>(sql, read_turn, values...));
  return with_replies(db, std::move(rows));
}

const std::string kSelect = "SELECT t.number, " + columns_of("t") + " FROM turns t ";

}  // namespace

Result<void> begin_turn(Connection& db, const model::Turn& turn) {
  static const std::string kInsert = insert_statement();
  GIBSEY_CHECK(
      with_columns(turn, model::TurnStatus::running, "", [&](const auto&... values) { return db.run(kInsert, values...); }));
  if (db.changes() == 0) return std::unexpected(turn_exists(turn.id));
  return note_begin(db, turn);
}

Result<void> append_events(Connection& db, const std::string& turn_id, std::int64_t first_seq,
                           const std::vector<model::TurnEvent>& events) {
  GIBSEY_TRY(const auto number,
             db.find_value<std::int64_t>("SELECT number FROM turns WHERE id = ? AND status = 'running'", turn_id));
  if (!number) return std::unexpected(no_running_turn(turn_id));
  return add_batch(db, *number, turn_id, first_seq, events);
}

Result<void> finish_turn(Connection& db, const model::Turn& turn, std::int64_t first_seq,
                         const std::vector<model::TurnEvent>& events) {
  static const std::string kUpdate = update_statement();
  GIBSEY_TRY(const auto number, with_columns(turn, turn.status, turn.reply, [&](const auto&... values) {
               return db.find_value<std::int64_t>(kUpdate, values...);
             }));
  if (!number) return std::unexpected(unknown_turn(turn.id));
  GIBSEY_CHECK(add_batch(db, *number, turn.id, first_seq, events));
  return note_finish(db, *number, turn.updated);
}

Result<std::optional<model::Turn>> find_turn(Connection& db, const std::string& turn_id) {
  static const std::string kFind = kSelect + "WHERE t.id = ?";
  GIBSEY_TRY(auto found, select_turns(db, kFind, turn_id));
  return found.empty() ? std::optional<model::Turn>() : std::optional(std::move(found.front()));
}

Result<std::vector<model::NumberedEvent>> load_events(Connection& db, const std::string& turn_id, std::int64_t after_seq,
                                                      int limit) {
  GIBSEY_TRY(const auto number, db.find_value<std::int64_t>("SELECT number FROM turns WHERE id = ?", turn_id));
  if (!number) return std::vector<model::NumberedEvent>();
  return load_batches(db, *number, after_seq, limit);
}

Result<std::vector<model::Turn>> history(Connection& db, const std::string& last_turn_id, const std::string& user_id, int limit) {
  // `kept` counts the turns that are to be answered. A parent has a lower number than its child, so that no ring of parents
  // could keep the walk going.
  static const std::string kHistory = R"sql(
WITH RECURSIVE way(number, conversation_id, parent_id, kept) AS (
  SELECT number, conversation_id, parent_id, status <> 'running' FROM turns WHERE id = ?1 AND user_id = ?2 AND ?3 > 0
  UNION ALL
  SELECT p.number, p.conversation_id, p.parent_id, w.kept + (p.status <> 'running') FROM way w JOIN turns p ON p.id = w.parent_id
    WHERE w.kept < ?3 AND p.user_id = ?2 AND p.conversation_id = w.conversation_id AND p.number < w.number
)
)sql" + kSelect + "JOIN way w ON w.number = t.number WHERE t.status <> 'running' ORDER BY t.number";
  return select_turns(db, kHistory, last_turn_id, user_id, limit);
}

Result<std::vector<model::Turn>> list_running(Connection& db) {
  static const std::string kRunning = kSelect + "WHERE t.status = 'running' ORDER BY t.number";
  return select_turns(db, kRunning);
}

Result<std::vector<model::Turn>> list_turns(Connection& db, const std::string& conversation_id) {
  static const std::string kList = kSelect + "WHERE t.conversation_id = ? ORDER BY t.number";
  return select_turns(db, kList, conversation_id);
}

}  // namespace gibsey::store::sqlite
