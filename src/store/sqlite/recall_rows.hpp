#pragma once
#include "model/turn.hpp"
#include "store/recall_store.hpp"
#include "store/sqlite/connection.hpp"

#include <string>
#include <vector>

/// The statements of RecallStore and UsageStore; each function does what the method of that name promises, inside the caller's
/// transaction.
namespace gibsey::store::sqlite {

Result<void> put_fact(Connection& db, const Fact& fact);
Result<std::vector<Fact>> list_facts(Connection& db, const std::string& user_id, const std::string& character_id, int limit);
Result<void> put_turn_vector(Connection& db, const std::string& turn_id, const std::string& embedding_model,
                             const std::vector<float>& vector);
Result<std::vector<Recollection>> recollections(Connection& db, const std::string& user_id, const std::string& character_id,
                                                const std::string& embedding_model, int limit);

Result<void> log_usage(Connection& db, const model::UsageRow& row);
Result<std::vector<model::UsageRow>> list_usage(Connection& db, std::int64_t before, int limit);

}  // namespace gibsey::store::sqlite
