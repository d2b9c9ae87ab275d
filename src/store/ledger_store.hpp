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

  /// Takes `amount` (> 0) at once, as one entry of kind debit whose ref is `key`. With a `key` that the user has used for a
  /// debit, the same amount answers the first entry and takes nothing; conflict for another amount. "" is no key. Otherwise as
  /// hold().
  virtual Async<model::DebitOutcome> debit(std::string user_id, int amount, std::string key, int opening_grant) = 0;
  /// Gives back `amount` (> 0): an entry of kind credit whose ref is `ref`, which names what is given back, by the entry's id
  /// or a debit's key. The same ref again answers the first entry and gives nothing; conflict for another amount, or for more
  /// than the debit took. not_found: neither an entry nor a debit of this user has that name. A debit's two names are one thing,
  /// given back once; of a hold, what it was charged when it ended can be given back; other entries took nothing.
  virtual Async<model::LedgerEntry> give_back(std::string user_id, std::int64_t amount, std::string ref, std::string reason) = 0;

  /// Adds credits (amount > 0), making the account if need be without the opening grant.
  virtual Async<model::LedgerEntry> grant(std::string user_id, std::int64_t amount, std::string reason) = 0;
  /// 0 for an unknown user.
  virtual Async<std::int64_t> balance(std::string user_id) = 0;
  /// At most `limit` entries, newest first.
  virtual Async<std::vector<model::LedgerEntry>> statement(std::string user_id, int limit) = 0;
  /// Oldest first.
  virtual Async<std::vector<model::CreditHold>> open_holds() = 0;
  /// Compares every balance with the sum of its entries, and every hold with its entries; corrupt names the first user that
  /// differs, else the first hold.
  virtual Async<void> verify() = 0;
};

}  // namespace gibsey::store
