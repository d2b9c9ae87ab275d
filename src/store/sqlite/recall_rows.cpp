#include "store/sqlite/recall_rows.hpp"

#include "base/utf8.hpp"
#include "store/turn_check.hpp"
#include "store/usage_store.hpp"

namespace gibsey::store::sqlite {

Result<void> put_fact(Connection& db, const Fact& fact) {
  GIBSEY_CHECK(
      db.run("INSERT INTO facts (id, user_id, character_id, text, created) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
             fact.id, fact.user_id, fact.character_id, fact.text, fact.created));
  if (db.changes() == 0) return std::unexpected(fact_exists(fact.id));
  return {};
}

Result<std::vector<Fact>> list_facts(Connection& db, const std::string& user_id, const std::string& character_id, int limit) {
  return db.list<Fact>(
      "SELECT id, user_id, character_id, text, created FROM facts WHERE user_id = ? AND character_id = ? "
      "ORDER BY created DESC, number DESC LIMIT max(?, 0)",
      [](Row row) {
        Fact fact;
        row >> fact.id >> fact.user_id >> fact.character_id >> fact.text >> fact.created;
        return fact;
      },
      user_id, character_id, limit);
}

Result<void> put_turn_vector(Connection& db, const std::string& turn_id, const std::string& embedding_model,
                             const std::vector<float>& vector) {
  if (vector.empty()) return std::unexpected(empty_vector(turn_id));
  // The SELECT gives no row for a turn that is gone, and so nothing is written.
  return db.run(
      "INSERT INTO turn_vectors (turn, embedding_model, dimension, vector) SELECT number, ?1, ?2, ?3 FROM turns WHERE id = ?4 "
      "ON CONFLICT DO UPDATE SET dimension = excluded.dimension, vector = excluded.vector",
      embedding_model, static_cast<std::int64_t>(vector.size()), vector, turn_id);
}

Result<std::vector<Recollection>> recollections(Connection& db, const std::string& user_id, const std::string& character_id,
                                                const std::string& embedding_model, int limit) {
  return db.list<Recollection>(
      "SELECT t.id, t.question, t.reply, t.created, v.vector FROM turns t JOIN turn_vectors v ON v.turn = t.number "
      "WHERE t.user_id = ? AND t.character_id = ? AND t.status <> 'running' AND v.embedding_model = ? "
      "ORDER BY t.number DESC LIMIT max(?, 0)",
      [](Row row) {
        Recollection recollection;
        row >> recollection.turn_id >> recollection.question >> recollection.reply >> recollection.created >> recollection.vector;
        return recollection;
      },
      user_id, character_id, embedding_model, limit);
}

Result<void> log_usage(Connection& db, const model::UsageRow& row) {
  return db.run(
      "INSERT INTO usage (user_id, client_ip, creator_slug, query, prompt_tokens, completion_tokens, total_tokens, cascade_tier, "
      "model, latency_ms, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      row.user_id, row.client_ip, row.creator_slug, utf8::slice(row.query, 0, kLongestUsageQuery), row.prompt_tokens,
      row.completion_tokens, row.total_tokens, row.cascade_tier, row.model, row.latency_ms, row.created);
}

Result<std::vector<model::UsageRow>> list_usage(Connection& db, std::int64_t before, int limit) {
  return db.list<model::UsageRow>(
      "SELECT number, user_id, client_ip, creator_slug, query, prompt_tokens, completion_tokens, total_tokens, cascade_tier, "
      "model, "
      "latency_ms, created FROM usage WHERE number < CASE ?1 WHEN 0 THEN 9223372036854775807 ELSE ?1 END "
      "ORDER BY number DESC LIMIT max(?2, 0)",
      [](Row row) {
        model::UsageRow read;
        row >> read.number >> read.user_id >> read.client_ip >> read.creator_slug >> read.query >> read.prompt_tokens >>
            read.completion_tokens >> read.total_tokens >> read.cascade_tier >> read.model >> read.latency_ms >> read.created;
        return read;
      },
      before, limit);
}

}  // namespace gibsey::store::sqlite
