#include "store/ledger_check.hpp"

#include <fmt/format.h>

#include <limits>

namespace gibsey::store {

Result<void> check_hold(int amount, int opening_grant) {
  if (amount < 0) return fail(ErrorCode::invalid_argument, "a hold must be of 0 credits or more");
  if (opening_grant < 0) return fail(ErrorCode::invalid_argument, "the opening grant must be 0 credits or more");
  return {};
}

Result<void> check_debit(int amount, int opening_grant) {
  if (amount <= 0) return fail(ErrorCode::invalid_argument, "a debit must be of at least 1 credit");
  return check_hold(amount, opening_grant);
}

Result<void> check_grant(std::int64_t amount) {
  if (amount <= 0) return fail(ErrorCode::invalid_argument, "at least 1 credit must be given");
  return {};
}

Result<void> check_charge(const std::string& hold_id, std::int64_t charged, std::int64_t held) {
  if (charged >= 0 && charged <= held) return {};
  return fail(ErrorCode::invalid_argument,
              fmt::format("the hold {} is of {} credits; a charge must be between 0 and that, not {}", hold_id, held, charged));
}

Result<void> check_room(std::int64_t balance, std::int64_t amount) {
  if (amount <= std::numeric_limits<std::int64_t>::max() - balance) return {};
  return fail(ErrorCode::invalid_argument, "the balance would be larger than the ledger can hold; grant less");
}

Result<void> check_same_debit(const std::string& key, std::int64_t taken, std::int64_t asked) {
  if (asked == taken) return {};
  return fail(ErrorCode::conflict,
              fmt::format("the key {} was used for a debit of {} credits; use another one for {}", key, taken, asked));
}

Result<void> check_same_return(const std::string& ref, std::int64_t given, std::int64_t asked) {
  if (asked == given) return {};
  return fail(ErrorCode::conflict,
              fmt::format("{} credits have been given back for {}, so that it cannot be {} now", given, ref, asked));
}

Result<void> check_return(const std::string& ref, std::int64_t taken, std::int64_t asked) {
  if (asked <= taken) return {};
  return fail(ErrorCode::conflict, fmt::format("{} took {} credits, so that {} cannot be given back for it", ref, taken, asked));
}

Error unknown_hold(const std::string& hold_id) {
  return {ErrorCode::not_found, fmt::format("the ledger has no hold {}", hold_id)};
}

Error ended_otherwise(const std::string& hold_id, std::int64_t charged, std::int64_t asked) {
  return {ErrorCode::conflict,
          fmt::format("the hold {} has ended with a charge of {}, so that it cannot be charged {} now", hold_id, charged, asked)};
}

Error nothing_to_give_back(const std::string& user_id, const std::string& ref) {
  return {ErrorCode::not_found, fmt::format("{} has neither an entry nor a debit named {}", user_id, ref)};
}

Error balance_differs(const std::string& user_id) {
  return {ErrorCode::corrupt,
          fmt::format("the balance of {} is not the sum of the entries; restore a backup of the ledger", user_id)};
}

Error hold_differs(const std::string& hold_id) {
  return {ErrorCode::corrupt,
          fmt::format("the hold {} does not fit the entries of the ledger; restore a backup of the ledger", hold_id)};
}

}  // namespace gibsey::store
