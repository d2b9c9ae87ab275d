#include "store/sqlite/vector_rows.hpp"

#include "store/page_check.hpp"

namespace gibsey::store::sqlite {

Result<void> put_vectors(Connection& db, const std::string& world, const std::string& embedding_model,
                         const std::vector<model::PassageVector>& vectors) {
  GIBSEY_TRY(const auto dimension,
             db.find_value<std::int64_t>("SELECT v.dimension FROM pages p JOIN page_vectors v ON v.page = p.number "
                                         "WHERE p.world = ? AND v.embedding_model = ? LIMIT 1",
                                         world, embedding_model));
  GIBSEY_CHECK(check_vectors(vectors, static_cast<std::size_t>(dimension.value_or(0))));
  for (const auto& vector : vectors) {
    // The SELECT gives no row for a passage that is gone, and so nothing is written.
    GIBSEY_CHECK(db.run(
        "INSERT INTO page_vectors (page, passage, embedding_model, dimension, vector) "
        "SELECT s.page, s.number, ?1, ?2, ?3 FROM pages p JOIN passages s ON s.page = p.number "
        "WHERE p.world = ?4 AND p.id = ?5 AND s.number = ?6 "
        "ON CONFLICT DO UPDATE SET dimension = excluded.dimension, vector = excluded.vector",
        embedding_model, static_cast<std::int64_t>(vector.values.size()), vector.values, world, vector.page_id, vector.passage));
  }
  return {};
}

Result<std::vector<model::PassageVector>> load_vectors(Connection& db, const std::string& world,
                                                       const std::string& embedding_model) {
  return db.list<model::PassageVector>(
      "SELECT p.id, v.passage, v.vector FROM pages p JOIN page_vectors v ON v.page = p.number "
      "WHERE p.world = ? AND v.embedding_model = ? ORDER BY p.\"order\", p.id, v.passage",
      [](Row row) {
        model::PassageVector vector;
        row >> vector.page_id >> vector.passage >> vector.values;
        return vector;
      },
      world, embedding_model);
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
