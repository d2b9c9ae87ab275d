#pragma once
#include "store/outbox.hpp"

#include <filesystem>
#include <memory>

namespace gibsey::store {

namespace sqlite {
class Database;
}

/// The outbox in `outbox.db`. What is acknowledged survives a crash and a power loss. Nothing is deleted but holds that were
/// dropped: the file tells later what became of each. Threads, errors and `close` as for SqlitePageStore.
class SqliteOutboxStore final : public OutboxStore {
 public:
  /// Opens or makes `folder`/outbox.db; errors as SqlitePageStore::open.
  static Result<std::unique_ptr<SqliteOutboxStore>> open(const std::filesystem::path& folder);

  SqliteOutboxStore(const SqliteOutboxStore&) = delete;
  SqliteOutboxStore& operator=(const SqliteOutboxStore&) = delete;
  ~SqliteOutboxStore() override;

  void close();
  /// As SqliteLedgerStore's.
  Async<void> backup(std::filesystem::path file);
  Async<void> check_integrity();

  Async<void> begin_hold(model::CreditHold hold) override;
  Async<void> confirm_hold(std::string hold_id, std::string entry_id, std::optional<std::int64_t> balance) override;
  Async<void> drop_hold(std::string hold_id) override;
  Async<model::LedgerEntry> end_hold(std::string hold_id, int charged, std::string kind, std::string rule) override;
  Async<std::vector<model::CreditHold>> open_holds() override;
  Async<std::vector<GiveBack>> due_give_backs(UnixMillis now, int limit) override;
  Async<std::optional<UnixMillis>> next_due() override;
  Async<void> put_off(std::int64_t number, UnixMillis due) override;
  Async<void> close_give_back(std::int64_t number, Delivery delivery) override;
  Async<std::int64_t> count_waiting() override;
  Async<std::int64_t> count_refused() override;
  Async<void> verify() override;

 private:
  explicit SqliteOutboxStore(std::unique_ptr<sqlite::Database> database);

  std::unique_ptr<sqlite::Database> database_;
};

}  // namespace gibsey::store
