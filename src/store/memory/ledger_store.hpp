#pragma once
#include "store/ledger_store.hpp"

#include <map>
#include <mutex>
#include <optional>

namespace gibsey::store {

/// Credits in memory, gone with the object: for tests and for trying things out. Never suspends.
class MemoryLedgerStore : public LedgerStore {
 public:
  Async<model::HoldOutcome> hold(std::string user_id, std::string turn_id, int amount, int opening_grant) override;
  Async<model::LedgerEntry> settle(std::string hold_id, int charged, std::string rule) override;
  Async<model::LedgerEntry> release(std::string hold_id, std::string rule) override;
  Async<model::DebitOutcome> debit(std::string user_id, int amount, std::string key, int opening_grant) override;
  Async<model::LedgerEntry> give_back(std::string user_id, std::int64_t amount, std::string ref, std::string reason) override;
  Async<model::LedgerEntry> grant(std::string user_id, std::int64_t amount, std::string reason) override;
  Async<std::int64_t> balance(std::string user_id) override;
  Async<std::vector<model::LedgerEntry>> statement(std::string user_id, int limit) override;
  Async<std::vector<model::CreditHold>> open_holds() override;
  Async<void> verify() override;

 private:
  struct HoldState {
    model::CreditHold hold;
    std::int64_t number = 0;  ///< of its entry
    int charged = 0;
    std::optional<model::LedgerEntry> end;  ///< nothing while it is open
  };

  Result<model::LedgerEntry> append(const std::string& user_id, std::string kind, std::int64_t amount, std::string ref,
                                    std::string reason);
  /// What the user has, a new one after the opening grant.
  Result<std::int64_t> open_account(const std::string& user_id, int opening_grant);
  /// By kind and ref, or with no kind by id; null when there is none.
  const model::LedgerEntry* find_entry(const std::string& user_id, const std::string& kind, const std::string& name) const;
  /// What the entry took for good.
  std::int64_t taken_by(const model::LedgerEntry& entry) const;
  Result<model::LedgerEntry> end_hold(const std::string& hold_id, int charged, std::string kind, std::string rule);

  std::mutex mutex_;
  std::map<std::string, std::int64_t> balances_;
  std::vector<model::LedgerEntry> entries_;
  std::map<std::string, HoldState> holds_;
};

}  // namespace gibsey::store
