#include "store/cassandra/vector_rows.hpp"

#include <bit>
#include <cstring>

namespace gibsey::store::cassandra {

static_assert(std::endian::native == std::endian::little);

namespace {

constexpr std::size_t kIndexedDimension = 384;
const std::string kSelect =
    "SELECT page_id, passage, page_version, vector, other FROM page_vectors WHERE world = ? AND embedding_model = ?";

model::PassageVector read_vector(Row row) {
  model::PassageVector vector;
  Blob other;
  row >> vector.page_id >> vector.passage >> vector.page_version >> vector.values >> other;
  if (vector.values.empty()) vector.values = from_blob(other);
  return vector;
}

/// Adds those of the statement's rows.
Async<void> read_rows(Session& session, Statement statement, std::vector<model::PassageVector>& vectors) {
  const auto keep = [&vectors](Row row) {
    vectors.push_back(read_vector(row));
    return Result<void>();
  };
  co_return co_await session.each(std::move(statement), keep);
}

}  // namespace

Blob to_blob(const std::vector<float>& values) {
  Blob blob;
  blob.bytes.resize(values.size() * sizeof(float));
  if (!values.empty()) std::memcpy(blob.bytes.data(), values.data(), blob.bytes.size());
  return blob;
}

std::vector<float> from_blob(const Blob& blob) {
  std::vector<float> values(blob.bytes.size() / sizeof(float));
  if (!values.empty()) std::memcpy(values.data(), blob.bytes.data(), values.size() * sizeof(float));
  return values;
}

Async<std::vector<VectorSet>> read_vector_sets(Session& session, std::string world) {
  GIBSEY_CO_TRY(const auto rows,
                co_await session.read(cql("SELECT embedding_model, dimension FROM vector_sets WHERE world = ?", world)));
  std::vector<VectorSet> sets(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] >> sets[i].embedding_model >> sets[i].dimension;
  co_return sets;
}

Async<std::vector<model::PassageVector>> read_vectors(Session& session, std::string world, std::string embedding_model) {
  std::vector<model::PassageVector> vectors;
  GIBSEY_CO_CHECK(co_await read_rows(session, cql(kSelect, world, embedding_model), vectors));
  co_return vectors;
}

Async<std::vector<model::PassageVector>> read_page_vectors(Session& session, std::string world, std::string embedding_model,
                                                           std::vector<std::string> page_ids) {
  static const std::string kOfPages = kSelect + " AND page_id IN ?";
  std::vector<model::PassageVector> vectors;
  for (const auto& some : in_slices(page_ids)) {
    GIBSEY_CO_CHECK(co_await read_rows(session, cql(kOfPages, world, embedding_model, some), vectors));
  }
  co_return vectors;
}

Statement put_vector_statement(const std::string& world, const std::string& embedding_model, const model::PassageVector& vector) {
  static const std::string kPut =
      "INSERT INTO page_vectors (world, embedding_model, page_id, passage, page_version, vector, other) VALUES (?, ?, ?, ?, ?, "
      "?, ?)";
  const bool indexed = vector.values.size() == kIndexedDimension;
  return cql(kPut, world, embedding_model, vector.page_id, vector.passage, vector.page_version,
             indexed ? Value(vector.values) : null(), indexed ? null() : Value(to_blob(vector.values)));
}

Statement drop_vector_statement(const std::string& world, const std::string& embedding_model, const std::string& page_id,
                                int passage) {
  static const std::string kDrop =
      "DELETE FROM page_vectors WHERE world = ? AND embedding_model = ? AND page_id = ? AND passage >= ? AND passage <= ?";
  return cql(kDrop, world, embedding_model, page_id, passage, passage);
}

Statement drop_vectors_statement(const std::string& world, const std::string& embedding_model, const std::string& page_id) {
  return cql("DELETE FROM page_vectors WHERE world = ? AND embedding_model = ? AND page_id = ?", world, embedding_model, page_id);
}

}  // namespace gibsey::store::cassandra
