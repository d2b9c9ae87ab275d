#pragma once
#include "model/page.hpp"
#include "store/cassandra/session.hpp"

#include <string>
#include <utility>
#include <vector>

namespace gibsey::store::cassandra {

/// The vectors of one world, by (embedding model, page). Those of 384 values lie in the indexed column, others in a blob beside
/// it. A vector of another version than its page has by now is as if it were not there; who reads compares.
struct VectorSet {
  std::string embedding_model;
  int dimension = 0;
};
Async<std::vector<VectorSet>> read_vector_sets(Session& session, std::string world);
Async<std::vector<model::PassageVector>> read_vectors(Session& session, std::string world, std::string embedding_model);
/// By page, then passage.
Async<std::vector<model::PassageVector>> read_page_vectors(Session& session, std::string world, std::string embedding_model,
                                                           std::vector<std::string> page_ids);
[[nodiscard]] Statement put_vector_statement(const std::string& world, const std::string& embedding_model,
                                             const model::PassageVector& vector);
/// Of one passage. A range of one, never a row by its whole key: where such a deletion is the first that Cassandra 5.0.9 hears of
/// the table after its start, the row cannot be written again, and a node that was killed then does not come up
/// (docs/cassandra_tables.md).
[[nodiscard]] Statement drop_vector_statement(const std::string& world, const std::string& embedding_model,
                                              const std::string& page_id, int passage);
[[nodiscard]] Statement drop_vectors_statement(const std::string& world, const std::string& embedding_model,
                                               const std::string& page_id);

/// Of float32, little-endian.
[[nodiscard]] Blob to_blob(const std::vector<float>& values);
[[nodiscard]] std::vector<float> from_blob(const Blob& blob);

}  // namespace gibsey::store::cassandra
