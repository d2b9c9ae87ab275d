#pragma once
#include "store/ledger_store.hpp"

#include <filesystem>
#include <memory>

namespace gibsey::store {

namespace sqlite {
class Database;
}

/// Credits in `ledger.db`; the file itself refuses to change or delete an entry, or to add one whose balance does not
/// follow from the one before. The view `ledger(user_id, credits)` shows the balances. What is acknowledged survives a
/// crash and a power loss. Threads, errors, `close`, `backup` and `check_integrity` as for SqlitePageStore.
class SqliteLedgerStore final : public LedgerStore {
 public:
  /// Opens or makes `folder`/ledger.db; errors as SqlitePageStore::open.
  static Result<std::unique_ptr<SqliteLedgerStore>> open(const std::filesystem::path& folder);

  SqliteLedgerStore(const SqliteLedgerStore&) = delete;
  SqliteLedgerStore& operator=(const SqliteLedgerStore&) = delete;
  ~SqliteLedgerStore() override;

  void close();
  Async<void> backup(std::filesystem::path file);
  Async<void> check_integrity();

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
  explicit SqliteLedgerStore(std::unique_ptr<sqlite::Database> database);

  std::unique_ptr<sqlite::Database> database_;
};

}  // namespace gibsey::store
