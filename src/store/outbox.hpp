#pragma once
#include "model/ledger.hpp"
#include "store/store_fwd.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gibsey::store {

/// A hold whose credits a ledger elsewhere was asked to take, or has taken.
struct RemoteHold {
  model::CreditHold hold;  ///< its balance is 0 while that is not known
  bool confirmed = false;  ///< the ledger has answered that it took them
  bool balance_known = false;
  std::string entry_id;  ///< the ledger's name of the debit; "" where it did not say
};

/// Credits that a ledger elsewhere must still be told to give back.
struct GiveBack {
  std::int64_t number = 0;
  std::string hold_id;
  std::string user_id;
  std::int64_t amount = 0;
  std::string ref;         ///< the debit's entry id; its key, the turn's id, where the ledger did not say one
  bool confirmed = false;  ///< RemoteHold::confirmed
  std::string reason;      ///< the rule by which they are given back
  int attempts = 0;
  UnixMillis created = 0;
};

enum class Delivery {
  given,
  unknown,  ///< the ledger knows no such debit: nothing was taken
  refused,  ///< the ledger will not; somebody has to look at it
};

/// What this process owes a ledger elsewhere: holds from before it is asked until they end, and give-backs until they are
/// acknowledged. Durable when a call returns, so that a crash at any point leaves an open hold or a waiting give-back. Errors:
/// unavailable, corrupt, and those named. Safe to call concurrently.
class OutboxStore {
 public:
  virtual ~OutboxStore() = default;

  /// Notes a hold before the ledger is asked for it. conflict: that id is taken.
  virtual Async<void> begin_hold(model::CreditHold hold) = 0;
  /// The ledger has taken it. `balance`: what it said is left. not_found.
  virtual Async<void> confirm_hold(std::string hold_id, std::string entry_id, std::optional<std::int64_t> balance) = 0;
  /// The ledger has taken nothing: the hold is forgotten. not_found; conflict when it has ended.
  virtual Async<void> drop_hold(std::string hold_id) = 0;
  /// LedgerStore::settle and release (`kind`). What is not charged becomes a give-back that is due at once, in the same write;
  /// the receipt is receipt_of().
  virtual Async<model::LedgerEntry> end_hold(std::string hold_id, int charged, std::string kind, std::string rule) = 0;
  /// Oldest first, those that were not confirmed too.
  virtual Async<std::vector<model::CreditHold>> open_holds() = 0;

  /// Those due at `now`, longest due first, at most `limit`.
  virtual Async<std::vector<GiveBack>> due_give_backs(UnixMillis now, int limit) = 0;
  /// When the next one is due; nullopt when none waits.
  virtual Async<std::optional<UnixMillis>> next_due() = 0;
  /// Another attempt has failed; the next is due at `due`. One that is closed stays so.
  virtual Async<void> put_off(std::int64_t number, UnixMillis due) = 0;
  /// It will not be tried again. The first word counts.
  virtual Async<void> close_give_back(std::int64_t number, Delivery delivery) = 0;
  virtual Async<std::int64_t> count_waiting() = 0;
  /// Those that the ledger would not take back.
  virtual Async<std::int64_t> count_refused() = 0;

  /// Every ended hold has one ending that charges no more than was held, and a give-back exactly when it charges less; corrupt
  /// names the first hold of which that is not true.
  virtual Async<void> verify() = 0;
};

/// The receipt for a hold that ends now, without number, id and time: how settle and release answer. Its balance is the one that
/// the ledger told after the debit, with what is given back; 0 where the ledger told none. Its reason says when the outbox gives
/// back. Errors: invalid_argument, as check_charge.
[[nodiscard]] Result<model::LedgerEntry> receipt_of(const RemoteHold& held, int charged, std::string kind,
                                                    const std::string& rule);

[[nodiscard]] std::string_view to_string(Delivery delivery);

[[nodiscard]] Error hold_exists(const std::string& hold_id);     ///< conflict
[[nodiscard]] Error hold_has_ended(const std::string& hold_id);  ///< conflict

}  // namespace gibsey::store
