#pragma once
#include "store/recall_store.hpp"
#include "store/turn_store.hpp"
#include "store/usage_store.hpp"

#include <map>
#include <mutex>
#include <tuple>

namespace gibsey::store {

/// Turns with their logs, the usage log and what personas recall, in memory, gone with the object: for tests and for trying
/// things out. Never suspends, never fails but as named.
class MemoryTurnStore : public TurnStore, public UsageStore, public RecallStore {
 public:
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
  struct StoredTurn {
    model::Turn turn;  ///< while it runs, with the reply that the log holds
    std::vector<model::NumberedEvent> log;
    std::map<std::string, std::vector<float>> vectors;  ///< by embedding model
  };

  /// Null for an unknown turn.
  StoredTurn* stored(const std::string& turn_id);
  static Result<void> append(StoredTurn& stored, std::int64_t first_seq, std::vector<model::TurnEvent> events);
  void note_begin(const model::Turn& turn);
  void note_finish(const model::Turn& turn);

  std::mutex mutex_;
  std::map<std::int64_t, StoredTurn> turns_;     ///< by number: in the order in which they began
  std::map<std::string, std::int64_t> numbers_;  ///< by turn id
  std::int64_t last_number_ = 0;
  std::map<std::string, model::Conversation> conversations_;
  std::map<std::tuple<std::string, std::string, std::string>, model::IdempotencyClaim> claims_;  ///< by user, route and key
  std::vector<model::UsageRow> usage_;
  std::vector<Fact> facts_;
};

}  // namespace gibsey::store
