#pragma once
#include "model/ledger.hpp"
#include "store/sqlite/connection.hpp"

#include <optional>
#include <string>
#include <vector>

/// The statements of LedgerStore; each function does what the method of that name promises, inside the caller's transaction.
namespace gibsey::store::sqlite {

Result<model::HoldOutcome> take_hold(Connection& db, const std::string& user_id, const std::string& turn_id, int amount,
                                     int opening_grant);
/// settle (kind "settle") and release (kind "release", `charged` 0).
Result<model::LedgerEntry> end_hold(Connection& db, const std::string& hold_id, int charged, const std::string& kind,
                                    const std::string& rule);
Result<model::DebitOutcome> take_debit(Connection& db, const std::string& user_id, int amount, const std::string& key,
                                       int opening_grant);
Result<model::LedgerEntry> give_back(Connection& db, const std::string& user_id, std::int64_t amount, const std::string& ref,
                                     const std::string& reason);
Result<model::LedgerEntry> give_grant(Connection& db, const std::string& user_id, std::int64_t amount, std::string reason);

Result<std::optional<std::int64_t>> find_balance(Connection& db, const std::string& user_id);
Result<std::vector<model::LedgerEntry>> statement(Connection& db, const std::string& user_id, int limit);
Result<std::vector<model::CreditHold>> open_holds(Connection& db);
Result<void> verify_ledger(Connection& db);

}  // namespace gibsey::store::sqlite
