#pragma once
#include "model/page.hpp"
#include "store/page_store.hpp"
#include "store/sqlite/connection.hpp"

#include <string>
#include <vector>

/// The statements of PageStore on vectors; each function does what the method of that name promises, inside the caller's
/// transaction.
namespace gibsey::store::sqlite {

Result<void> put_vectors(Connection& db, const std::string& world, const std::string& embedding_model,
                         const std::vector<model::PassageVector>& vectors);
Result<std::vector<model::PassageVector>> load_vectors(Connection& db, const std::string& world,
                                                       const std::string& embedding_model);
Result<std::vector<PassageKey>> passages_without_vector(Connection& db, const std::string& world,
                                                        const std::string& embedding_model);

}  // namespace gibsey::store::sqlite
