#include "store/outbox.hpp"

#include "store/ledger_check.hpp"

#include <fmt/format.h>

namespace gibsey::store {

Result<model::LedgerEntry> receipt_of(const RemoteHold& held, int charged, std::string kind, const std::string& rule) {
  const auto& hold = held.hold;
  GIBSEY_CHECK(check_charge(hold.id, charged, hold.amount));
  const std::int64_t rest = hold.amount - charged;
  return model::LedgerEntry{.user_id = hold.user_id,
                            .kind = std::move(kind),
                            .amount = rest,
                            .ref = hold.id,
                            .reason = rest > 0 ? rule + "; given back by the outbox" : rule,
                            .balance = held.balance_known ? hold.balance + rest : 0};
}

std::string_view to_string(Delivery delivery) {
  switch (delivery) {
    case Delivery::given: return "given";
    case Delivery::unknown: return "unknown";
    case Delivery::refused: return "refused";
  }
  return "refused";
}

Error hold_exists(const std::string& hold_id) {
  return {ErrorCode::conflict, fmt::format("there is a hold {} already; a turn holds its credits once", hold_id)};
}

Error hold_has_ended(const std::string& hold_id) {
  return {ErrorCode::conflict, fmt::format("the hold {} has ended, so that it cannot be dropped", hold_id)};
}

}  // namespace gibsey::store
