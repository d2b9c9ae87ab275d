#include "store/sqlite/turn_store.hpp"

#include "store/sqlite/database.hpp"
#include "store/sqlite/model_json.hpp"
#include "store/turn_check.hpp"

#include <fmt/format.h>

namespace gibsey::store {
namespace {

using sqlite::Connection;
using sqlite::Row;

constexpr const char* kMigrations[] = {
    // Form 1. Lists are JSON text (see model_json.hpp); `number` is the order in which turns began.
    R"sql(
CREATE TABLE turns (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  conversation_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  world TEXT NOT NULL,
  character_id TEXT NOT NULL,
  question TEXT NOT NULL,
  reply TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('running', 'complete', 'stopped', 'failed', 'interrupted')),
  hold_id TEXT NOT NULL,
  sources TEXT NOT NULL,
  quotes TEXT NOT NULL,
  receipt TEXT,
  prompt_tokens INTEGER NOT NULL,
  completion_tokens INTEGER NOT NULL,
  provider TEXT NOT NULL,
  model TEXT NOT NULL,
  finish_reason TEXT NOT NULL,
  error TEXT NOT NULL,
  false_quotes INTEGER NOT NULL,
  first_token_ms INTEGER NOT NULL,
  total_ms INTEGER NOT NULL,
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL
) STRICT;
CREATE INDEX turns_of_conversation ON turns(conversation_id, number);
CREATE INDEX running_turns ON turns(number) WHERE status = 'running';
)sql"};

const std::string kColumns =
    "id, conversation_id, user_id, world, character_id, question, reply, status, hold_id, sources, quotes, receipt, "
    "prompt_tokens, completion_tokens, provider, model, finish_reason, error, false_quotes, first_token_ms, total_ms, created, "
    "updated";
const std::string kSelect = "SELECT " + kColumns + " FROM turns ";
const std::string kSelectHistory =
    "SELECT " + kColumns + " FROM (SELECT * FROM turns WHERE conversation_id = ? AND user_id = ? AND status <> 'running' "
    "ORDER BY number DESC LIMIT max(?, 0)) ORDER BY number";
const std::string kSelectOne = kSelect + "WHERE id = ?";
const std::string kSelectRunning = kSelect + "WHERE status = 'running' ORDER BY number";
const std::string kInsert = "INSERT INTO turns (" + kColumns +
    ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING";

Result<model::Turn> read_turn(Row row) {
  model::Turn turn;
  std::string status;
  std::string sources;
  std::string quotes;
  std::optional<std::string> receipt;
  row >> turn.id >> turn.conversation_id >> turn.user_id >> turn.world >> turn.character_id >> turn.question >> turn.reply >>
      status >> turn.hold_id >> sources >> quotes >> receipt >> turn.usage.prompt_tokens >> turn.usage.completion_tokens >>
      turn.provider >> turn.model >> turn.finish_reason >> turn.error >> turn.false_quotes >> turn.first_token_ms >>
      turn.total_ms >> turn.created >> turn.updated;
  const auto known_status = model::parse_turn_status(status);
  if (!known_status) return fail(ErrorCode::corrupt, fmt::format("the stored turn {} has an unknown status", turn.id));
  turn.status = *known_status;
  GIBSEY_CHECK(sqlite::decode(sources, turn.sources));
  GIBSEY_CHECK(sqlite::decode(quotes, turn.quotes));
  if (receipt) GIBSEY_CHECK(sqlite::decode(*receipt, turn.receipt.emplace()));
  return turn;
}

std::optional<std::string> encode_receipt(const model::Turn& turn) {
  return turn.receipt ? std::optional(sqlite::encode(*turn.receipt)) : std::nullopt;
}

Result<void> insert_turn(Connection& db, const model::Turn& turn) {
  GIBSEY_CHECK(db.run(
      kInsert, turn.id, turn.conversation_id, turn.user_id, turn.world, turn.character_id, turn.question, turn.reply,
      model::to_string(model::TurnStatus::running), turn.hold_id, sqlite::encode(turn.sources), sqlite::encode(turn.quotes),
      encode_receipt(turn), turn.usage.prompt_tokens, turn.usage.completion_tokens, turn.provider, turn.model,
      turn.finish_reason, turn.error, turn.false_quotes, turn.first_token_ms, turn.total_ms, turn.created, turn.updated));
  if (db.changes() == 0) return std::unexpected(turn_exists(turn.id));
  return {};
}

Result<void> append_text(Connection& db, const std::string& turn_id, const std::string& text) {
  GIBSEY_CHECK(db.run("UPDATE turns SET reply = reply || ? WHERE id = ? AND status = 'running'", text, turn_id));
  if (db.changes() == 0) return std::unexpected(no_running_turn(turn_id));
  return {};
}

Result<void> store_end(Connection& db, const model::Turn& turn) {
  GIBSEY_CHECK(db.run(
      "UPDATE turns SET reply = ?, status = ?, hold_id = ?, sources = ?, quotes = ?, receipt = ?, prompt_tokens = ?, "
      "completion_tokens = ?, provider = ?, model = ?, finish_reason = ?, error = ?, false_quotes = ?, first_token_ms = ?, "
      "total_ms = ?, updated = ? WHERE id = ?",
      turn.reply, model::to_string(turn.status), turn.hold_id, sqlite::encode(turn.sources), sqlite::encode(turn.quotes),
      encode_receipt(turn), turn.usage.prompt_tokens, turn.usage.completion_tokens, turn.provider, turn.model,
      turn.finish_reason, turn.error, turn.false_quotes, turn.first_token_ms, turn.total_ms, turn.updated, turn.id));
  if (db.changes() == 0) return std::unexpected(unknown_turn(turn.id));
  return {};
}

}  // namespace

SqliteTurnStore::SqliteTurnStore(std::unique_ptr<sqlite::Database> database) : database_(std::move(database)) {}
SqliteTurnStore::~SqliteTurnStore() = default;

Result<std::unique_ptr<SqliteTurnStore>> SqliteTurnStore::open(const std::filesystem::path& folder) {
  GIBSEY_TRY(auto database, sqlite::Database::open(folder / "turns.db", kMigrations));
  return std::unique_ptr<SqliteTurnStore>(new SqliteTurnStore(std::move(database)));
}

void SqliteTurnStore::close() { database_->close(); }

Async<void> SqliteTurnStore::begin(model::Turn turn) {
  return database_->write([turn = std::move(turn)](Connection& db) { return insert_turn(db, turn); });
}

Async<void> SqliteTurnStore::append_reply(std::string turn_id, std::string text) {
  return database_->write([turn_id = std::move(turn_id), text = std::move(text)](Connection& db) {
    return append_text(db, turn_id, text);
  });
}

Async<void> SqliteTurnStore::finish(model::Turn turn) {
  return database_->write([turn = std::move(turn)](Connection& db) { return store_end(db, turn); });
}

Async<std::optional<model::Turn>> SqliteTurnStore::find(std::string turn_id) {
  return database_->read([turn_id = std::move(turn_id)](Connection& db) {
    return db.find<model::Turn>(kSelectOne, read_turn, turn_id);
  });
}

Async<std::vector<model::Turn>> SqliteTurnStore::history(std::string conversation_id, std::string user_id, int limit) {
  return database_->read([conversation_id = std::move(conversation_id), user_id = std::move(user_id), limit](Connection& db) {
    return db.list<model::Turn>(kSelectHistory, read_turn, conversation_id, user_id, limit);
  });
}

Async<std::vector<model::Turn>> SqliteTurnStore::list_running() {
  return database_->read([](Connection& db) {
    return db.list<model::Turn>(kSelectRunning, read_turn);
  });
}

Async<std::int64_t> SqliteTurnStore::count() {
  return database_->read([](Connection& db) { return db.value<std::int64_t>("SELECT count(*) FROM turns"); });
}

}  // namespace gibsey::store
