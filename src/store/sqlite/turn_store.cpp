#include "store/sqlite/turn_store.hpp"

#include "store/sqlite/backup.hpp"
#include "store/sqlite/conversation_rows.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/recall_rows.hpp"
#include "store/sqlite/turn_rows.hpp"
#include "store/sqlite/turn_schema.hpp"

namespace gibsey::store {

using sqlite::Connection;

SqliteTurnStore::SqliteTurnStore(std::unique_ptr<sqlite::Database> database) : database_(std::move(database)) {}
SqliteTurnStore::~SqliteTurnStore() = default;

Result<std::unique_ptr<SqliteTurnStore>> SqliteTurnStore::open(const std::filesystem::path& folder) {
  GIBSEY_TRY(auto database, sqlite::Database::open(folder / "turns.db", sqlite::turn_migrations()));
  return std::unique_ptr<SqliteTurnStore>(new SqliteTurnStore(std::move(database)));
}

void SqliteTurnStore::close() {
  database_->close();
}

Async<void> SqliteTurnStore::backup(std::filesystem::path file) {
  return database_->read([file = std::move(file)](Connection& db) { return sqlite::write_backup(db, file); });
}

Async<void> SqliteTurnStore::check_integrity() {
  return database_->read(sqlite::check_integrity);
}

Async<void> SqliteTurnStore::begin(model::Turn turn) {
  return database_->write([turn = std::move(turn)](Connection& db) { return sqlite::begin_turn(db, turn); });
}

Async<void> SqliteTurnStore::append_events(std::string turn_id, std::int64_t first_seq, std::vector<model::TurnEvent> events) {
  return database_->write([turn_id = std::move(turn_id), first_seq, events = std::move(events)](Connection& db) {
    return sqlite::append_events(db, turn_id, first_seq, events);
  });
}

Async<void> SqliteTurnStore::finish(model::Turn turn, std::int64_t first_seq, std::vector<model::TurnEvent> events) {
  return database_->write([turn = std::move(turn), first_seq, events = std::move(events)](Connection& db) {
    return sqlite::finish_turn(db, turn, first_seq, events);
  });
}

Async<std::optional<model::Turn>> SqliteTurnStore::find(std::string turn_id) {
  return database_->read([turn_id = std::move(turn_id)](Connection& db) { return sqlite::find_turn(db, turn_id); });
}

Async<std::vector<model::NumberedEvent>> SqliteTurnStore::events(std::string turn_id, std::int64_t after_seq, int limit) {
  return database_->read([turn_id = std::move(turn_id), after_seq, limit](Connection& db) {
    return sqlite::load_events(db, turn_id, after_seq, limit);
  });
}

Async<std::vector<model::Turn>> SqliteTurnStore::history(std::string last_turn_id, std::string user_id, int limit) {
  return database_->read([last_turn_id = std::move(last_turn_id), user_id = std::move(user_id), limit](Connection& db) {
    return sqlite::history(db, last_turn_id, user_id, limit);
  });
}

Async<std::vector<model::Turn>> SqliteTurnStore::list_running() {
  return database_->read(sqlite::list_running);
}

Async<std::int64_t> SqliteTurnStore::count() {
  return database_->read([](Connection& db) { return db.value<std::int64_t>("SELECT count(*) FROM turns"); });
}

Async<std::optional<model::Conversation>> SqliteTurnStore::find_conversation(std::string conversation_id) {
  return database_->read(
      [conversation_id = std::move(conversation_id)](Connection& db) { return sqlite::find_conversation(db, conversation_id); });
}

Async<std::vector<model::Conversation>> SqliteTurnStore::list_conversations(std::string user_id, std::string after, int limit) {
  return database_->read([user_id = std::move(user_id), after = std::move(after), limit](Connection& db) {
    return sqlite::list_conversations(db, user_id, after, limit);
  });
}

Async<std::vector<model::Turn>> SqliteTurnStore::list_turns(std::string conversation_id) {
  return database_->read(
      [conversation_id = std::move(conversation_id)](Connection& db) { return sqlite::list_turns(db, conversation_id); });
}

Async<void> SqliteTurnStore::remove_conversation(std::string conversation_id) {
  return database_->write([conversation_id = std::move(conversation_id)](Connection& db) {
    return sqlite::remove_conversation(db, conversation_id);
  });
}

Async<model::IdempotencyClaim> SqliteTurnStore::claim(model::IdempotencyClaim claim, UnixMillis not_before) {
  return database_->write(
      [claim = std::move(claim), not_before](Connection& db) { return sqlite::claim(db, claim, not_before); });
}

Async<void> SqliteTurnStore::drop_claim(std::string turn_id) {
  return database_->write([turn_id = std::move(turn_id)](Connection& db) { return sqlite::drop_claim(db, turn_id); });
}

Async<void> SqliteTurnStore::log_usage(model::UsageRow row) {
  return database_->write([row = std::move(row)](Connection& db) { return sqlite::log_usage(db, row); });
}

Async<std::vector<model::UsageRow>> SqliteTurnStore::list_usage(std::int64_t before, int limit) {
  return database_->read([before, limit](Connection& db) { return sqlite::list_usage(db, before, limit); });
}

Async<void> SqliteTurnStore::put_fact(Fact fact) {
  return database_->write([fact = std::move(fact)](Connection& db) { return sqlite::put_fact(db, fact); });
}

Async<std::vector<Fact>> SqliteTurnStore::list_facts(std::string user_id, std::string character_id, int limit) {
  return database_->read([user_id = std::move(user_id), character_id = std::move(character_id), limit](Connection& db) {
    return sqlite::list_facts(db, user_id, character_id, limit);
  });
}

Async<void> SqliteTurnStore::put_turn_vector(std::string turn_id, std::string embedding_model, std::vector<float> vector) {
  return database_->write(
      [turn_id = std::move(turn_id), embedding_model = std::move(embedding_model), vector = std::move(vector)](Connection& db) {
        return sqlite::put_turn_vector(db, turn_id, embedding_model, vector);
      });
}

Async<std::vector<Recollection>> SqliteTurnStore::recollections(std::string user_id, std::string character_id,
                                                                std::string embedding_model, int limit) {
  return database_->read(
      [user_id = std::move(user_id), character_id = std::move(character_id), embedding_model = std::move(embedding_model),
       limit](Connection& db) { return sqlite::recollections(db, user_id, character_id, embedding_model, limit); });
}

}  // namespace gibsey::store
