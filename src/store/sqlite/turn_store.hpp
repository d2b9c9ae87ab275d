#pragma once
#include "store/turn_store.hpp"

#include <filesystem>
#include <memory>

namespace gibsey::store {

namespace sqlite {
class Database;
}

/// The turns in `turns.db`; what is acknowledged survives a crash and a power loss. Threads, errors and `close` as for
/// SqlitePageStore.
class SqliteTurnStore final : public TurnStore {
 public:
  /// Opens or makes `folder`/turns.db; errors as SqlitePageStore::open.
  static Result<std::unique_ptr<SqliteTurnStore>> open(const std::filesystem::path& folder);

  SqliteTurnStore(const SqliteTurnStore&) = delete;
  SqliteTurnStore& operator=(const SqliteTurnStore&) = delete;
  ~SqliteTurnStore() override;

  void close();

  Async<void> begin(model::Turn turn) override;
  Async<void> append_reply(std::string turn_id, std::string text) override;
  Async<void> finish(model::Turn turn) override;
  Async<std::optional<model::Turn>> find(std::string turn_id) override;
  Async<std::vector<model::Turn>> history(std::string conversation_id, std::string user_id, int limit) override;
  Async<std::vector<model::Turn>> list_running() override;
  Async<std::int64_t> count() override;

 private:
  explicit SqliteTurnStore(std::unique_ptr<sqlite::Database> database);

  std::unique_ptr<sqlite::Database> database_;
};

}  // namespace gibsey::store
