#pragma once
#include "store/recall_store.hpp"
#include "store/turn_store.hpp"
#include "store/usage_store.hpp"

#include <filesystem>
#include <memory>

namespace gibsey::store {

namespace sqlite {
class Database;
}

/// The turns in `turns.db`, with their logs, the usage log and what personas recall; what is acknowledged survives a crash and a
/// power loss. Threads, errors, `close`, `backup` and `check_integrity` as for SqlitePageStore.
class SqliteTurnStore final : public TurnStore, public UsageStore, public RecallStore {
 public:
  /// Opens or makes `folder`/turns.db; errors as SqlitePageStore::open.
  static Result<std::unique_ptr<SqliteTurnStore>> open(const std::filesystem::path& folder);

  SqliteTurnStore(const SqliteTurnStore&) = delete;
  SqliteTurnStore& operator=(const SqliteTurnStore&) = delete;
  ~SqliteTurnStore() override;

  void close();
  Async<void> backup(std::filesystem::path file);
  Async<void> check_integrity();

  Async<void> begin(model::Turn turn) override;
  Async<void> append_events(std::string turn_id, std::int64_t first_seq, std::vector<model::TurnEvent> events) override;
  Async<void> finish(model::Turn turn, std::int64_t first_seq, std::vector<model::TurnEvent> events) override;
  Async<std::optional<model::Turn>> find(std::string turn_id) override;
  Async<std::vector<model::NumberedEvent>> events(std::string turn_id, std::int64_t after_seq, int limit) override;
  Async<std::vector<model::Turn>> history(std::string last_turn_id, std::string user_id, int limit) override;
  Async<std::vector<model::Turn>> list_running() override;
  Async<std::int64_t> count() override;

  Async<std::optional<model::Conversation>> find_conversation(std::string conversation_id) override;
  Async<std::vector<model::Conversation>> list_conversations(std::string user_id, std::string after, int limit) override;
  Async<std::vector<model::Turn>> list_turns(std::string conversation_id) override;
  Async<void> remove_conversation(std::string conversation_id) override;

  Async<model::IdempotencyClaim> claim(model::IdempotencyClaim claim, UnixMillis not_before) override;
  Async<void> drop_claim(std::string turn_id) override;

  Async<void> log_usage(model::UsageRow row) override;
  Async<std::vector<model::UsageRow>> list_usage(std::int64_t before, int limit) override;

  Async<void> put_fact(Fact fact) override;
  Async<std::vector<Fact>> list_facts(std::string user_id, std::string character_id, int limit) override;
  Async<void> put_turn_vector(std::string turn_id, std::string embedding_model, std::vector<float> vector) override;
  Async<std::vector<Recollection>> recollections(std::string user_id, std::string character_id, std::string embedding_model,
                                                 int limit) override;

 private:
  explicit SqliteTurnStore(std::unique_ptr<sqlite::Database> database);

  std::unique_ptr<sqlite::Database> database_;
};

}  // namespace gibsey::store
