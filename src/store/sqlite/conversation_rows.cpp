#include "store/sqlite/conversation_rows.hpp"

#include "store/turn_check.hpp"

namespace gibsey::store::sqlite {
namespace {

const std::string kSelect =
    "SELECT id, user_id, world, character_id, first_question, last_turn_id, turns, created, updated FROM conversations ";

model::Conversation read_conversation(Row row) {
  model::Conversation conversation;
  row >> conversation.id >> conversation.user_id >> conversation.world >> conversation.character_id >>
      conversation.first_question >> conversation.last_turn_id >> conversation.turns >> conversation.created >>
      conversation.updated;
  return conversation;
}

model::IdempotencyClaim read_claim(Row row) {
  model::IdempotencyClaim claim;
  row >> claim.user_id >> claim.route >> claim.key >> claim.body_hash >> claim.turn_id >> claim.made;
  return claim;
}

}  // namespace

Result<void> note_begin(Connection& db, const model::Turn& turn) {
  return db.run(
      "INSERT INTO conversations (id, user_id, world, character_id, first_question, last_turn_id, turns, created, updated) "
      "VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?) ON CONFLICT (id) DO UPDATE SET world = excluded.world, "
      "character_id = excluded.character_id, last_turn_id = excluded.last_turn_id, turns = turns + 1, "
      "updated = max(updated, excluded.updated) WHERE user_id = excluded.user_id",
      turn.conversation_id, turn.user_id, turn.world, turn.character_id, turn.question, turn.id, turn.created, turn.updated);
}

Result<void> note_finish(Connection& db, std::int64_t turn, UnixMillis updated) {
  return db.run(
      "UPDATE conversations SET updated = ?1 FROM turns t WHERE t.number = ?2 AND conversations.id = t.conversation_id "
      "AND conversations.user_id = t.user_id AND conversations.updated < ?1",
      updated, turn);
}

Result<std::optional<model::Conversation>> find_conversation(Connection& db, const std::string& conversation_id) {
  static const std::string kFind = kSelect + "WHERE id = ?";
  return db.find<model::Conversation>(kFind, read_conversation, conversation_id);
}

Result<std::vector<model::Conversation>> list_conversations(Connection& db, const std::string& user_id, const std::string& after,
                                                            int limit) {
  static const std::string kFirst = kSelect + "WHERE user_id = ?1 ORDER BY updated DESC, id DESC LIMIT max(?2, 0)";
  if (after.empty()) return db.list<model::Conversation>(kFirst, read_conversation, user_id, limit);
  GIBSEY_TRY(const auto last, find_conversation(db, after));
  if (!last || last->user_id != user_id) return std::unexpected(unknown_conversation(after));
  static const std::string kNext =
      kSelect + "WHERE user_id = ?1 AND (updated, id) < (?2, ?3) ORDER BY updated DESC, id DESC LIMIT max(?4, 0)";
  return db.list<model::Conversation>(kNext, read_conversation, user_id, last->updated, after, limit);
}

Result<void> remove_conversation(Connection& db, const std::string& conversation_id) {
  GIBSEY_TRY(const auto running,
             db.value<std::int64_t>("SELECT EXISTS (SELECT 1 FROM turns WHERE conversation_id = ? AND status = 'running')",
                                    conversation_id));
  if (running != 0) return std::unexpected(conversation_is_running(conversation_id));
  GIBSEY_CHECK(db.run("DELETE FROM conversations WHERE id = ?", conversation_id));
  if (db.changes() == 0) return std::unexpected(unknown_conversation(conversation_id));
  return db.run("DELETE FROM turns WHERE conversation_id = ?", conversation_id);  // logs and vectors go with them
}

Result<model::IdempotencyClaim> claim(Connection& db, const model::IdempotencyClaim& claim, UnixMillis not_before) {
  // All of the user's that are too old, not this key alone: else those that never come again would pile up.
  GIBSEY_CHECK(db.run("DELETE FROM claims WHERE user_id = ? AND route = ? AND made < ?", claim.user_id, claim.route, not_before));
  GIBSEY_CHECK(db.run(
      "INSERT INTO claims (user_id, route, key, body_hash, turn_id, made) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
      claim.user_id, claim.route, claim.key, claim.body_hash, claim.turn_id, claim.made));
  if (db.changes() > 0) return claim;
  GIBSEY_TRY(auto standing,
             db.find<model::IdempotencyClaim>(
                 "SELECT user_id, route, key, body_hash, turn_id, made FROM claims WHERE user_id = ? AND route = ? AND key = ?",
                 read_claim, claim.user_id, claim.route, claim.key));
  if (!standing) return fail(ErrorCode::internal, "a claim that stands is not there");
  return *std::move(standing);
}

Result<void> drop_claim(Connection& db, const std::string& turn_id) {
  return db.run("DELETE FROM claims WHERE turn_id = ?", turn_id);
}

}  // namespace gibsey::store::sqlite
