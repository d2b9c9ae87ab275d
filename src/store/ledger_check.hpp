#pragma once
#include "base/result.hpp"

#include <cstdint>
#include <string>

/// What every ledger refuses, in the same words. Errors: invalid_argument.
namespace gibsey::store {

Result<void> check_hold(int amount, int opening_grant);
Result<void> check_grant(std::int64_t amount);
/// `charged` must be 0 to `held`.
Result<void> check_charge(const std::string& hold_id, std::int64_t charged, std::int64_t held);
/// `balance + amount` must not overflow.
Result<void> check_room(std::int64_t balance, std::int64_t amount);

[[nodiscard]] Error unknown_hold(const std::string& hold_id);                                                    ///< not_found
[[nodiscard]] Error ended_otherwise(const std::string& hold_id, std::int64_t charged, std::int64_t asked);  ///< conflict
[[nodiscard]] Error balance_differs(const std::string& user_id);                                                 ///< corrupt

}  // namespace gibsey::store
