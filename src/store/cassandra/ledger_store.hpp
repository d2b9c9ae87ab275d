#pragma once
#include "store/cassandra/keyed_locks.hpp"
#include "store/cassandra/rising_clock.hpp"
#include "store/cassandra/session.hpp"
#include "store/ledger_store.hpp"

#include <optional>
#include <string>
#include <vector>

namespace gibsey::store {

/// Credits on Cassandra: a user's balance, entries and holds are one partition, changed by one conditional batch that holds only
/// if nothing of it has changed since it was read (docs/cassandra_tables.md). A batch whose outcome the cluster did not tell is
/// looked up at SERIAL by the entry's id. Entries are numbered by user. open_holds() leaves out the young holds of other nodes:
/// they are theirs to end. Errors as Session's, and busy where others change one account all the time.
class CassandraLedgerStore final : public LedgerStore {
 public:
  /// `session` uses a keyspace of the current form and outlives this; `node` names this process's data folder.
  CassandraLedgerStore(cassandra::Session& session, std::string node);

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
  struct Account {
    bool known = false;
    std::int64_t balance = 0;
    std::int64_t last_number = 0;
  };
  struct HoldRow {
    std::int64_t entry = 0;
    std::int64_t amount = 0;
    std::int64_t charged = 0;
    std::int64_t end_entry = 0;  ///< 0 while it is open
  };
  struct OpenHold {
    std::string id;
    std::string node;
    std::string user_id;
    std::int64_t created = 0;  ///< microseconds
  };

  /// The partition of open_holds that lists it.
  static int bucket_of(const std::string& hold_id);
  Async<Account> load(std::string user_id);
  /// The change, if the account still is as it was read. `rows` go with the entries, with conditions of their own.
  Async<bool> commit(std::string user_id, Account account, std::vector<model::LedgerEntry> entries,
                     std::vector<cassandra::Statement> rows);
  Async<bool> was_committed(model::LedgerEntry last);
  Async<std::optional<model::HoldOutcome>> try_hold(std::string user_id, std::string turn_id, int amount, int opening_grant);
  Async<void> note_hold(const model::LedgerEntry& entry);
  Async<model::LedgerEntry> end_hold(std::string hold_id, int charged, std::string kind, std::string rule);
  Async<std::optional<model::LedgerEntry>> try_end(std::string user_id, std::string hold_id, int charged, std::string kind,
                                                   std::string rule);
  Async<std::optional<model::DebitOutcome>> try_debit(std::string user_id, int amount, std::string key, int opening_grant);
  Async<std::optional<model::LedgerEntry>> try_give_back(std::string user_id, std::int64_t amount, std::string ref,
                                                         std::string reason);
  Async<std::optional<HoldRow>> find_hold(std::string user_id, std::string hold_id,
                                          cassandra::Reading reading = cassandra::Reading::quorum);
  /// The number of the entry that a key or a return names.
  Async<std::optional<std::int64_t>> find_named(std::string user_id, std::string section, std::string name);
  Async<std::optional<model::LedgerEntry>> find_entry(std::string user_id, std::int64_t number);
  Async<model::LedgerEntry> load_entry(std::string user_id, std::int64_t number);
  Async<model::LedgerEntry> load_by_ref(std::string user_id, std::string ref);
  Async<std::int64_t> taken_by(model::LedgerEntry entry);
  Async<std::optional<model::CreditHold>> look_at_open(OpenHold open);
  Async<std::optional<Error>> examine(std::string user_id);

  cassandra::Session& session_;
  const std::string node_;
  cassandra::KeyedLocks locks_;
  cassandra::RisingClock clock_;
};

}  // namespace gibsey::store
