#include "store/cassandra/testing/cassandra_stores.hpp"

#include "base/ids.hpp"
#include "store/cassandra/ledger_store.hpp"
#include "store/cassandra/note_store.hpp"
#include "store/cassandra/page_store.hpp"
#include "store/cassandra/schema.hpp"
#include "store/cassandra/turn_store.hpp"
#include "store/testing/await.hpp"

#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <random>

namespace gibsey::store::testing {
namespace {

std::string contact_point() {
  const char* named = std::getenv("GIBSEY_CASSANDRA_TEST");
  return named == nullptr ? "" : named;
}

/// One keyspace for all tests of a run: to make all tables takes seconds.
class RunKeyspace final : public ::testing::Environment {
 public:
  RunKeyspace() {
    cassandra::Address address;
    address.contact_points = contact_point();
    address.keyspace = "test_" + random_id().substr(0, 12);
    session_ = cassandra::Session::connect(address).value();
    if (auto migrated = answer_of(cassandra::migrate(*session_)); !migrated) {
      std::fprintf(stderr, "no tables: %s\n", migrated.error().message.c_str());
      std::exit(1);
    }
  }
  void TearDown() override {
    value_of(session_->define("DROP KEYSPACE " + session_->address().keyspace));
    session_->close();
  }
  cassandra::Session& session() { return *session_; }

 private:
  std::unique_ptr<cassandra::Session> session_;
};

struct Table {
  std::string name;
  std::vector<std::string> key;  ///< of the partition
};

const std::vector<Table>& tables() {
  static const std::vector<Table> all{{"worlds", {"name"}},
                                      {"pages", {"world"}},
                                      {"page_versions", {"world", "id"}},
                                      {"pages_in_order", {"world"}},
                                      {"page_states", {"world"}},
                                      {"page_intents", {"world"}},
                                      {"page_changes", {"block"}},
                                      {"vector_sets", {"world"}},
                                      {"page_vectors", {"world", "embedding_model"}},
                                      {"summaries", {"world"}},
                                      {"note_worlds", {"id"}},
                                      {"notes_by_page", {"world"}},
                                      {"nightly_runs", {"id"}},
                                      {"runs_in_order", {"part"}},
                                      {"jobs", {"name"}},
                                      {"characters", {"world"}},
                                      {"ledger", {"user_id"}},
                                      {"hold_owners", {"hold_id"}},
                                      {"open_holds", {"bucket"}},
                                      {"turns", {"id"}},
                                      {"turns_by_conversation", {"conversation_id"}},
                                      {"conversations", {"user_id"}},
                                      {"running_turns", {"bucket"}},
                                      {"claims", {"user_id", "route", "key"}},
                                      {"claims_by_turn", {"turn_id"}},
                                      {"facts", {"user_id", "character_id"}},
                                      {"fact_ids", {"id"}},
                                      {"turn_vectors", {"user_id", "character_id"}},
                                      {"usage_log", {"block"}}};
  return all;
}

/// Partition by partition, which is quick where there are few; TRUNCATE takes long for each table.
void clear(cassandra::Session& session, const Table& table) {
  std::string columns;
  std::string condition;
  for (const auto& column : table.key) {
    columns += (columns.empty() ? "" : ", ") + column;
    condition += (condition.empty() ? "" : " AND ") + column + " = ?";
  }
  std::vector<cassandra::Statement> statements;
  const bool numbers = table.key[0] == "block" || table.key[0] == "bucket" || table.key[0] == "part";
  const auto keep = [&](cassandra::Row row) {
    auto& statement = statements.emplace_back(cassandra::cql("DELETE FROM " + table.name + " WHERE " + condition));
    for (std::size_t i = 0; i < table.key.size(); ++i) {
      std::string text;
      std::int64_t number = 0;
      numbers ? row >> number : row >> text;
      statement.values.push_back(numbers ? cassandra::Value(number) : cassandra::Value(text));
    }
    return Result<void>();
  };
  value_of(session.each(cassandra::cql("SELECT DISTINCT " + columns + " FROM " + table.name), keep));
  for (auto& statement : statements) value_of(session.write(std::move(statement)));
}

/// Of four conditional writes the answers of two are lost, and one of the writes, in an order by chance, the same in each run;
/// another one by GIBSEY_LOSS_SEED.
class Loss {
 public:
  cassandra::Lost operator()() {
    switch (chance_->next() % 4) {
      case 0: return cassandra::Lost::nothing;
      case 1: return cassandra::Lost::request;
      default: return cassandra::Lost::answer;
    }
  }

 private:
  static std::uint32_t seed() {
    const char* named = std::getenv("GIBSEY_LOSS_SEED");
    return named == nullptr ? 20 : static_cast<std::uint32_t>(std::strtoul(named, nullptr, 10));
  }
  struct Chance {
    std::uint32_t next() {
      const std::scoped_lock lock(mutex);
      return static_cast<std::uint32_t>(generator());
    }
    std::mutex mutex;
    std::mt19937 generator{seed()};
  };
  std::shared_ptr<Chance> chance_ = std::make_shared<Chance>();
};

class CassandraStores final : public Stores {
 public:
  explicit CassandraStores(cassandra::Session& session)
      : pages_(session), turns_(session, "node"), ledger_(session, "node"), notes_(session) {}
  PageStore& pages() override { return pages_; }
  CharacterStore& characters() override { return pages_; }
  TurnStore& turns() override { return turns_; }
  UsageStore& usage() override { return turns_; }
  RecallStore& recall() override { return turns_; }
  LedgerStore& ledger() override { return ledger_; }
  NoteStore& notes() override { return notes_; }

 private:
  CassandraPageStore pages_;
  CassandraTurnStore turns_;
  CassandraLedgerStore ledger_;
  CassandraNoteStore notes_;
};

}  // namespace

cassandra::Session& run_session() {
  static auto* keyspace = [] {
    auto* made = new RunKeyspace();  // gtest's from here on
    ::testing::AddGlobalTestEnvironment(made);
    return made;
  }();
  return keyspace->session();
}

std::unique_ptr<Stores> open_cassandra_stores() {
  if (contact_point().empty()) return nullptr;
  auto& session = run_session();
  session.lose(nullptr);
  for (const auto& table : tables()) clear(session, table);
  return std::make_unique<CassandraStores>(session);
}

std::unique_ptr<Stores> open_losing_cassandra_stores() {
  auto stores = open_cassandra_stores();
  if (stores) run_session().lose(Loss());
  return stores;
}

const char* why_not_on_cassandra(std::string_view /*test*/) {
  return contact_point().empty() ? "GIBSEY_CASSANDRA_TEST names no Cassandra (host:port)" : nullptr;
}

}  // namespace gibsey::store::testing
