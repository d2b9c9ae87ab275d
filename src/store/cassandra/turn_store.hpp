#pragma once
#include "store/cassandra/block_log.hpp"
#include "store/cassandra/keyed_locks.hpp"
#include "store/cassandra/rising_clock.hpp"
#include "store/cassandra/session.hpp"
#include "store/recall_store.hpp"
#include "store/turn_store.hpp"
#include "store/usage_store.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace gibsey::store {

/// Turns, usage and recall on Cassandra (docs/cassandra_tables.md). A turn and its log are one partition, changed by conditional
/// batches. Turns are ordered by the clock of the process that began them, but never before their parent. list_running() leaves
/// out the young turns of other nodes: they are theirs to end. count() reads the keys of all turns. Errors as Session's.
class CassandraTurnStore final : public TurnStore, public UsageStore, public RecallStore {
 public:
  /// `session` uses a keyspace of the current form and outlives this; `node` names this process's data folder.
  CassandraTurnStore(cassandra::Session& session, std::string node);

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
  struct TurnRow {
    std::int64_t number = 0;
    std::int64_t last_event = 0;
    model::Turn turn;
  };
  /// A turn as its conversation knows it.
  struct Member {
    std::int64_t number = 0;
    std::string turn_id;
    std::string user_id;
    std::string world;
    std::string character_id;
    std::string question;
    UnixMillis created = 0;
    UnixMillis updated = 0;
  };

  Async<std::optional<TurnRow>> read_turn(std::string turn_id, cassandra::Reading reading = cassandra::Reading::quorum);
  Async<std::string> read_reply(std::string turn_id);
  Async<std::vector<Member>> read_members(std::string conversation_id);
  Async<void> note_member(Member member, std::string conversation_id);
  Async<void> note_updated(TurnRow row, UnixMillis updated);
  Async<void> remove_turn(Member member);
  Async<bool> has_batch(std::string turn_id, std::int64_t last_seq, std::string batch);
  Async<std::optional<model::IdempotencyClaim>> find_claim(model::IdempotencyClaim of);
  Async<void> drop(model::IdempotencyClaim claim);

  cassandra::Session& session_;
  const std::string node_;
  cassandra::BlockLog usage_;
  cassandra::KeyedLocks locks_;
  cassandra::RisingClock clock_;
};

}  // namespace gibsey::store
