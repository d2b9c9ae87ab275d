#include "store/sqlite/vector_rows.hpp"

#include "store/page_check.hpp"

namespace gibsey::store::sqlite {
namespace {

model::PassageVector read_vector(Row row) {
  model::PassageVector vector;
  row >> vector.page_id >> vector.passage >> vector.values >> vector.page_version;
  return vector;
}

}  // namespace

Result<void> put_vectors(Connection& db, const std::string& world, const std::string& embedding_model,
                         const std::vector<model::PassageVector>& vectors) {
  GIBSEY_TRY(const auto dimension,
             db.find_value<std::int64_t>("SELECT v.dimension FROM pages p JOIN page_vectors v ON v.page = p.number "
                                         "WHERE p.world = ? AND v.embedding_model = ? LIMIT 1",
                                         world, embedding_model));
  GIBSEY_CHECK(check_vectors(vectors, static_cast<std::size_t>(dimension.value_or(0))));
  for (const auto& vector : vectors) {
    // The SELECT gives no row for a passage that is gone or another by now, and so nothing is written.
    GIBSEY_CHECK(
        db.run("INSERT INTO page_vectors (page, passage, embedding_model, dimension, vector) "
               "SELECT s.page, s.number, ?1, ?2, ?3 FROM pages p JOIN passages s ON s.page = p.number "
               "WHERE p.world = ?4 AND p.id = ?5 AND s.number = ?6 AND p.version = ?7 "
               "ON CONFLICT DO UPDATE SET dimension = excluded.dimension, vector = excluded.vector",
               embedding_model, static_cast<std::int64_t>(vector.values.size()), vector.values, world, vector.page_id,
               vector.passage, vector.page_version));
  }
  return {};
}

Result<std::vector<model::PassageVector>> load_vectors(Connection& db, const std::string& world,
                                                       const std::string& embedding_model) {
  return db.list<model::PassageVector>(
      "SELECT p.id, v.passage, v.vector, p.version FROM pages p JOIN page_vectors v ON v.page = p.number "
      "WHERE p.world = ? AND v.embedding_model = ? ORDER BY p.\"order\", p.id, v.passage",
      read_vector, world, embedding_model);
}

Result<std::vector<model::PassageVector>> page_vectors(Connection& db, const std::string& world, const std::string& id,
                                                       const std::string& embedding_model) {
  return db.list<model::PassageVector>(
      "SELECT p.id, v.passage, v.vector, p.version FROM pages p JOIN page_vectors v ON v.page = p.number "
      "WHERE p.world = ? AND p.id = ? AND v.embedding_model = ? ORDER BY v.passage",
      read_vector, world, id, embedding_model);
}

Result<VectorsByText> vectors_by_text(Connection& db, std::int64_t page) {
  VectorsByText vectors;
  GIBSEY_CHECK(db.each(
      "SELECT s.text, v.embedding_model, v.vector FROM page_vectors v JOIN passages s ON s.page = v.page AND s.number = "
      "v.passage "
      "WHERE v.page = ?",
      [&vectors](Row row) -> Result<void> {
        std::string text;
        TextVector vector;
        row >> text >> vector.embedding_model >> vector.values;
        vectors.emplace(std::move(text), std::move(vector));
        return {};
      },
      page));
  return vectors;
}

Result<void> put_known_vectors(Connection& db, std::int64_t page, const model::PageContent& content,
                               const VectorsByText& vectors) {
  for (const auto& passage : content.passages) {
    for (auto [known, end] = vectors.equal_range(passage.text); known != end; ++known) {
      const auto& [embedding_model, values] = known->second;
      GIBSEY_CHECK(
          db.run("INSERT INTO page_vectors (page, passage, embedding_model, dimension, vector) VALUES (?, ?, ?, ?, ?) "
                 "ON CONFLICT DO NOTHING",
                 page, passage.number, embedding_model, static_cast<std::int64_t>(values.size()), values));
    }
  }
  return {};
}

Result<std::vector<PassageKey>> passages_without_vector(Connection& db, const std::string& world,
                                                        const std::string& embedding_model) {
  return db.list<PassageKey>(
      "SELECT p.id, s.number FROM pages p JOIN passages s ON s.page = p.number "
      "WHERE p.world = ? AND NOT EXISTS (SELECT 1 FROM page_vectors v WHERE v.page = s.page AND v.passage = s.number "
      "AND v.embedding_model = ?) ORDER BY p.\"order\", p.id, s.number",
      [](Row row) {
        PassageKey key;
        row >> key.page_id >> key.passage;
        return key;
      },
      world, embedding_model);
}

}  // namespace gibsey::store::sqlite
