// What CassandraTurnStore holds for personas, and its usage log.
#include "base/utf8.hpp"
#include "store/cassandra/turn_store.hpp"
#include "store/cassandra/vector_rows.hpp"
#include "store/turn_check.hpp"

#include <algorithm>
#include <limits>

namespace gibsey::store {

using namespace cassandra;

namespace {

constexpr int kAttempts = 30;

Statement list_statement(const Fact& fact, std::int64_t number) {
  return cql("INSERT INTO facts (user_id, character_id, created, number, id, text) VALUES (?, ?, ?, ?, ?, ?)", fact.user_id,
             fact.character_id, fact.created, number, fact.id, fact.text);
}

}  // namespace

Async<void> CassandraTurnStore::put_fact(Fact fact) {
  const auto number = clock_.next();
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    GIBSEY_CO_TRY(const auto applied,
                  co_await session_.apply(
                      {cql("INSERT INTO fact_ids (id, user_id, character_id, created, number, text) VALUES (?, ?, ?, ?, ?, "
                           "?) IF NOT EXISTS",
                           fact.id, fact.user_id, fact.character_id, fact.created, number, fact.text)}));
    if (applied == Applied::yes) co_return co_await session_.write(list_statement(fact, number));
    GIBSEY_CO_TRY(
        const auto rows,
        co_await session_.read(cql("SELECT user_id, character_id, created, number, text FROM fact_ids WHERE id = ?", fact.id),
                               Reading::serial));
    if (rows.empty()) continue;
    Fact standing{.id = fact.id};
    std::int64_t its_number = 0;
    rows[0] >> standing.user_id >> standing.character_id >> standing.created >> its_number >> standing.text;
    // Its writer may have ended before it was listed.
    GIBSEY_CO_CHECK(co_await session_.write(list_statement(standing, its_number)));
    if (its_number == number) co_return Result<void>();
    co_return std::unexpected(fact_exists(fact.id));
  }
  co_return fail(ErrorCode::busy, "Cassandra did not say whether it took a fact; try again in a moment");
}

Async<std::vector<Fact>> CassandraTurnStore::list_facts(std::string user_id, std::string character_id, int limit) {
  std::vector<Fact> facts;
  if (limit <= 0) co_return facts;
  const auto keep = [&](Row row) {
    auto& fact = facts.emplace_back();
    row >> fact.id >> fact.text >> fact.created;
    fact.user_id = user_id;
    fact.character_id = character_id;
    return Result<void>();
  };
  GIBSEY_CO_CHECK(co_await session_.each(
      cql("SELECT id, text, created FROM facts WHERE user_id = ? AND character_id = ? LIMIT ?", user_id, character_id, limit),
      keep));
  co_return facts;
}

Async<void> CassandraTurnStore::put_turn_vector(std::string turn_id, std::string embedding_model, std::vector<float> vector) {
  if (vector.empty()) co_return std::unexpected(empty_vector(turn_id));
  GIBSEY_CO_TRY(const auto row, co_await read_turn(turn_id));
  if (!row) co_return Result<void>();
  co_return co_await session_.write(
      cql("INSERT INTO turn_vectors (user_id, character_id, number, embedding_model, turn_id, vector) "
          "VALUES (?, ?, ?, ?, ?, ?)",
          row->turn.user_id, row->turn.character_id, row->number, embedding_model, turn_id, to_blob(vector)));
}

Async<std::vector<Recollection>> CassandraTurnStore::recollections(std::string user_id, std::string character_id,
                                                                   std::string embedding_model, int limit) {
  struct Stored {
    std::int64_t number = 0;
    std::string turn_id;
    Blob vector;
  };
  std::vector<Stored> stored;
  const auto keep = [&](Row row) {
    std::string model;
    Stored one;
    row >> model >> one.number >> one.turn_id >> one.vector;
    if (model == embedding_model) stored.push_back(std::move(one));
    return Result<void>();
  };
  std::vector<Recollection> newest_first;
  if (limit <= 0) co_return newest_first;
  GIBSEY_CO_CHECK(
      co_await session_.each(cql("SELECT embedding_model, number, turn_id, vector FROM turn_vectors WHERE user_id = ? AND "
                                 "character_id = ?",
                                 user_id, character_id),
                             keep));
  for (const auto& one : stored) {
    if (static_cast<int>(newest_first.size()) >= limit) break;
    GIBSEY_CO_TRY(auto row, co_await read_turn(one.turn_id));
    if (!row || row->number != one.number || row->turn.status == model::TurnStatus::running) continue;
    newest_first.push_back({.turn_id = one.turn_id,
                            .question = std::move(row->turn.question),
                            .reply = std::move(row->turn.reply),
                            .created = row->turn.created,
                            .vector = from_blob(one.vector)});
  }
  co_return newest_first;
}

Async<void> CassandraTurnStore::log_usage(model::UsageRow row) {
  std::vector<LogRow> rows(1);
  rows[0].values = {row.user_id,
                    row.client_ip,
                    row.creator_slug,
                    std::string(utf8::slice(row.query, 0, kLongestUsageQuery)),
                    to_value(row.prompt_tokens),
                    to_value(row.completion_tokens),
                    to_value(row.total_tokens),
                    row.cascade_tier,
                    row.model,
                    row.latency_ms,
                    Value(row.created)};
  GIBSEY_CO_CHECK(co_await usage_.append(std::move(rows)));
  co_return Result<void>();
}

Async<std::vector<model::UsageRow>> CassandraTurnStore::list_usage(std::int64_t before, int limit) {
  std::vector<model::UsageRow> rows;
  const auto keep = [&rows](Row row) {
    auto& read = rows.emplace_back();
    row >> read.number >> read.user_id >> read.client_ip >> read.creator_slug >> read.query >> read.prompt_tokens >>
        read.completion_tokens >> read.total_tokens >> read.cascade_tier >> read.model >> read.latency_ms >> read.created;
    return Result<void>();
  };
  GIBSEY_CO_TRY(const auto last, co_await usage_.last());
  before = before == 0 ? std::numeric_limits<std::int64_t>::max() : std::max<std::int64_t>(before, 1);
  const auto newest = std::min(last, before - 1);
  for (auto block = BlockLog::block_of(newest); newest > 0 && block >= 0 && static_cast<int>(rows.size()) < limit; --block) {
    GIBSEY_CO_CHECK(co_await session_.each(cql("SELECT seq, user_id, client_ip, creator_slug, query, prompt_tokens, "
                                               "completion_tokens, total_tokens, cascade_tier, model, "
                                               "latency_ms, created FROM usage_log WHERE block = ? AND seq < ? LIMIT ?",
                                               block, before, limit - static_cast<int>(rows.size())),
                                           keep));
  }
  co_return rows;
}

}  // namespace gibsey::store
