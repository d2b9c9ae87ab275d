#include "store/testing/backends.hpp"

#ifdef GIBSEY_CASSANDRA
#include "store/cassandra/testing/cassandra_stores.hpp"
#endif
#include "store/http/testing/remote_ledger_stores.hpp"
#include "store/memory/ledger_store.hpp"
#include "store/memory/note_store.hpp"
#include "store/memory/page_store.hpp"
#include "store/memory/turn_store.hpp"
#include "store/sqlite/ledger_store.hpp"
#include "store/sqlite/page_store.hpp"
#include "store/sqlite/turn_store.hpp"
#include "store/testing/temporary_folder.hpp"

namespace gibsey::store::testing {
namespace {

class MemoryStores final : public Stores {
 public:
  PageStore& pages() override { return pages_; }
  CharacterStore& characters() override { return pages_; }
  TurnStore& turns() override { return turns_; }
  UsageStore& usage() override { return turns_; }
  RecallStore& recall() override { return turns_; }
  LedgerStore& ledger() override { return ledger_; }
  NoteStore& notes() override { return notes_; }

 private:
  MemoryPageStore pages_;
  MemoryTurnStore turns_;
  MemoryLedgerStore ledger_;
  MemoryNoteStore notes_;
};

/// Each file is opened when it is first asked for: a test needs one of them.
class SqliteStores final : public Stores {
 public:
  PageStore& pages() override { return opened_pages(); }
  CharacterStore& characters() override { return opened_pages(); }
  TurnStore& turns() override { return opened_turns(); }
  UsageStore& usage() override { return opened_turns(); }
  RecallStore& recall() override { return opened_turns(); }
  LedgerStore& ledger() override {
    if (!ledger_) ledger_ = SqliteLedgerStore::open(folder_.path()).value();
    return *ledger_;
  }
  NoteStore& notes() override { return opened_pages().notes(); }

 private:
  SqlitePageStore& opened_pages() {
    if (!pages_) pages_ = SqlitePageStore::open(folder_.path()).value();
    return *pages_;
  }
  SqliteTurnStore& opened_turns() {
    if (!turns_) turns_ = SqliteTurnStore::open(folder_.path()).value();
    return *turns_;
  }

  TemporaryFolder folder_;
  std::unique_ptr<SqlitePageStore> pages_;
  std::unique_ptr<SqliteTurnStore> turns_;
  std::unique_ptr<SqliteLedgerStore> ledger_;
};

#ifdef GIBSEY_CASSANDRA
/// What a test that is left out has.
std::unique_ptr<Stores> or_memory(std::unique_ptr<Stores> stores) {
  return stores ? std::move(stores) : std::make_unique<MemoryStores>();
}
#endif

}  // namespace

std::vector<Backend> backends() {
  std::vector<Backend> all{{"memory", [] { return std::unique_ptr<Stores>(std::make_unique<MemoryStores>()); }},
                           {"sqlite", [] { return std::unique_ptr<Stores>(std::make_unique<SqliteStores>()); }}};
#ifdef GIBSEY_CASSANDRA
  all.push_back({"cassandra", [] { return or_memory(open_cassandra_stores()); }, why_not_on_cassandra});
  all.push_back({"losing_cassandra", [] { return or_memory(open_losing_cassandra_stores()); }, why_not_on_cassandra});
#endif
  return all;
}

std::vector<Backend> ledger_backends() {
  auto all = backends();
  all.push_back({"remote", open_remote_ledger_stores, why_not_of_a_remote_ledger});
  return all;
}

void Contract::SetUp() {
  if (GetParam().left_out == nullptr) return;
  // "Stores/LedgerContract" and "settle_again/remote".
  const auto& test = *::testing::UnitTest::GetInstance()->current_test_info();
  const std::string suite = test.test_suite_name();
  const std::string name = test.name();
  const auto* reason = GetParam().left_out(suite.substr(suite.find('/') + 1) + "." + name.substr(0, name.find('/')));
  if (reason != nullptr) GTEST_SKIP() << reason;
}

std::string name_of(const ::testing::TestParamInfo<Backend>& backend) {
  return backend.param.name;
}

}  // namespace gibsey::store::testing
