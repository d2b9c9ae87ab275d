#pragma once
#include "model/ledger.hpp"
#include "store/store_fwd.hpp"

#include <string>
#include <vector>

namespace gibsey::store {

/// Credits in an append-only ledger: balance == sum of a user's entries, checked by the store at each write (which then
/// answers corrupt); a hold ends exactly once. Durable when a call returns. Errors: unavailable, corrupt, and those
/// named. Safe to call concurrently.
class LedgerStore {
 public:
  virtual ~LedgerStore() = default;

  /// Takes `amount` (>= 0) from the user's balance by one conditional write. A user who is not known gets `opening_grant`
  /// first (an entry of kind grant, also when the hold then is refused; none for a grant of 0). InsufficientCredits
  /// changes nothing else.
  virtual Async<model::HoldOutcome> hold(std::string user_id, std::string turn_id, int amount, int opening_grant) = 0;
  /// Ends a hold: `charged` of it (0..amount, else invalid_argument) is kept, the rest given back. The same call again
  /// with the same `charged` answers the first receipt; not_found for an unknown hold, conflict for one that ended
  /// otherwise.
  virtual Async<model::LedgerEntry> settle(std::string hold_id, int charged, std::string rule) = 0;
  /// settle with 0 charged; kind release. After a settle of 0 it answers that receipt, and the other way round.
  virtual Async<model::LedgerEntry> release(std::string hold_id, std::string rule) = 0;

  /// Adds credits (amount > 0), making the account if need be without the opening grant.
  virtual Async<model::LedgerEntry> grant(std::string user_id, std::int64_t amount, std::string reason) = 0;
  /// 0 for an unknown user.
  virtual Async<std::int64_t> balance(std::string user_id) = 0;
  /// At most `limit` entries, newest first.
  virtual Async<std::vector<model::LedgerEntry>> statement(std::string user_id, int limit) = 0;
  /// Oldest first.
  virtual Async<std::vector<model::CreditHold>> open_holds() = 0;
  /// Compares every balance with the sum of its entries; corrupt names the first user that differs.
  virtual Async<void> verify() = 0;
};

}  // namespace gibsey::store
