#pragma once
#include "base/result.hpp"

#include <cstdint>
#include <string>

/// What every ledger refuses, in the same words. Errors of the checks: invalid_argument, where none is named.
namespace gibsey::store {

Result<void> check_hold(int amount, int opening_grant);
Result<void> check_debit(int amount, int opening_grant);
/// Of an amount that is granted or given back.
Result<void> check_grant(std::int64_t amount);
/// `charged` must be 0 to `held`.
Result<void> check_charge(const std::string& hold_id, std::int64_t charged, std::int64_t held);
/// `balance + amount` must not overflow.
Result<void> check_room(std::int64_t balance, std::int64_t amount);
/// conflict when a debit's key comes again with another amount.
Result<void> check_same_debit(const std::string& key, std::int64_t taken, std::int64_t asked);
/// conflict when what was given back is to be given back again with another amount.
Result<void> check_same_return(const std::string& ref, std::int64_t given, std::int64_t asked);
/// conflict when more is to be given back than was taken.
Result<void> check_return(const std::string& ref, std::int64_t taken, std::int64_t asked);

[[nodiscard]] Error unknown_hold(const std::string& hold_id);                                               ///< not_found
[[nodiscard]] Error ended_otherwise(const std::string& hold_id, std::int64_t charged, std::int64_t asked);  ///< conflict
[[nodiscard]] Error nothing_to_give_back(const std::string& user_id, const std::string& ref);               ///< not_found
[[nodiscard]] Error balance_differs(const std::string& user_id);                                            ///< corrupt
[[nodiscard]] Error hold_differs(const std::string& hold_id);                                               ///< corrupt

}  // namespace gibsey::store
