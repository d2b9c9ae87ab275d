#pragma once
#include "base/clock.hpp"

#include <cstdint>
#include <string>
#include <variant>

namespace gibsey::model {

/// Credits set aside for a turn. Ends exactly once: settled or released.
struct CreditHold {
  std::string id;
  std::string user_id;
  std::string turn_id;
  int amount = 0;
  std::int64_t balance = 0;  ///< what the user has left after the hold
  UnixMillis created = 0;
};

/// The user has too little; nothing was changed.
struct InsufficientCredits {
  int needed = 0;
  std::int64_t available = 0;
};

using HoldOutcome = std::variant<CreditHold, InsufficientCredits>;

/// A line of the append-only ledger; the sum of a user's amounts is the balance.
struct LedgerEntry {
  std::int64_t number = 0;  ///< ever growing
  std::string id;
  std::string user_id;
  std::string kind;          ///< grant, hold, settle, release, debit, credit
  std::int64_t amount = 0;   ///< signed; a hold is negative, a settle is 0 or gives back the rest
  std::string ref;           ///< hold, turn or entry that it belongs to
  std::string reason;        ///< the rule applied, or who granted it
  std::int64_t balance = 0;  ///< after this entry
  UnixMillis created = 0;
};

using DebitOutcome = std::variant<LedgerEntry, InsufficientCredits>;

}  // namespace gibsey::model
