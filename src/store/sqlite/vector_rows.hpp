#pragma once
#include "model/page.hpp"
#include "store/page_store.hpp"
#include "store/sqlite/connection.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

/// The statements of PageStore on vectors; each function does what the method of that name promises, inside the caller's
/// transaction.
namespace gibsey::store::sqlite {

Result<void> put_vectors(Connection& db, const std::string& world, const std::string& embedding_model,
                         const std::vector<model::PassageVector>& vectors);
Result<std::vector<model::PassageVector>> load_vectors(Connection& db, const std::string& world,
                                                       const std::string& embedding_model);
/// Of one page, by passage.
Result<std::vector<model::PassageVector>> page_vectors(Connection& db, const std::string& world, const std::string& id,
                                                       const std::string& embedding_model);

/// The vectors of a page by the text of the passage that each was made of, for put_known_vectors after the passages have changed.
struct TextVector {
  std::string embedding_model;
  std::vector<float> values;
};
using VectorsByText = std::multimap<std::string, TextVector>;
Result<VectorsByText> vectors_by_text(Connection& db, std::int64_t page);
Result<void> put_known_vectors(Connection& db, std::int64_t page, const model::PageContent& content,
                               const VectorsByText& vectors);

Result<std::vector<PassageKey>> passages_without_vector(Connection& db, const std::string& world,
                                                        const std::string& embedding_model);

}  // namespace gibsey::store::sqlite
