#include "app/stores.hpp"

#include "base/log.hpp"
#ifdef GIBSEY_CASSANDRA
#include "store/cassandra/cluster_check.hpp"
#include "store/cassandra/ledger_store.hpp"
#include "store/cassandra/note_store.hpp"
#include "store/cassandra/page_store.hpp"
#include "store/cassandra/schema.hpp"
#include "store/cassandra/turn_store.hpp"
#endif
#include "store/sqlite/ledger_store.hpp"
#include "store/sqlite/page_store.hpp"
#include "store/sqlite/turn_store.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>

namespace gibsey::app {

namespace fs = std::filesystem;

namespace {

class FileStores final : public Stores {
 public:
  static Result<std::unique_ptr<Stores>> open(const fs::path& folder, bool all) {
    auto stores = std::make_unique<FileStores>();
    GIBSEY_TRY(stores->pages_, store::SqlitePageStore::open(folder));
    if (!all) return stores;
    GIBSEY_TRY(stores->turns_, store::SqliteTurnStore::open(folder));
    GIBSEY_TRY(stores->ledger_, store::SqliteLedgerStore::open(folder));
    return stores;
  }
  store::PageStore& pages() override { return *pages_; }
  store::CharacterStore& characters() override { return *pages_; }
  store::TurnStore& turns() override { return *turns_; }
  store::UsageStore& usage() override { return *turns_; }
  store::RecallStore& recall() override { return *turns_; }
  store::LedgerStore& ledger() override { return *ledger_; }
  store::NoteStore& notes() override { return pages_->notes(); }
  void close() override {
    if (ledger_) ledger_->close();
    if (turns_) turns_->close();
    if (pages_) pages_->close();
  }
  [[nodiscard]] const char* name() const override { return "sqlite"; }

 private:
  std::unique_ptr<store::SqlitePageStore> pages_;
  std::unique_ptr<store::SqliteTurnStore> turns_;
  std::unique_ptr<store::SqliteLedgerStore> ledger_;
};

#ifdef GIBSEY_CASSANDRA

namespace cassandra = store::cassandra;

class CassandraStores final : public Stores {
 public:
  CassandraStores(std::unique_ptr<cassandra::Session> session, std::string node)
      : session_(std::move(session)),
        node_(std::move(node)),
        pages_(*session_),
        turns_(*session_, node_),
        ledger_(*session_, node_),
        notes_(*session_) {}
  store::PageStore& pages() override { return pages_; }
  store::CharacterStore& characters() override { return pages_; }
  store::TurnStore& turns() override { return turns_; }
  store::UsageStore& usage() override { return turns_; }
  store::RecallStore& recall() override { return turns_; }
  store::LedgerStore& ledger() override { return ledger_; }
  store::NoteStore& notes() override { return notes_; }
  void close() override { session_->close(); }
  [[nodiscard]] const char* name() const override { return "cassandra"; }
  [[nodiscard]] std::string node() const override { return node_; }
  [[nodiscard]] std::string elsewhere() const override { return session_->address().contact_points; }
  [[nodiscard]] bool connected() const override { return session_->answered(); }
  store::Async<std::vector<std::string>> dangers() override { return cassandra::find_dangers(*session_); }
  store::Async<int> repair() { return pages_.repair(); }

 private:
  std::unique_ptr<cassandra::Session> session_;
  const std::string node_;
  store::CassandraPageStore pages_;
  store::CassandraTurnStore turns_;
  store::CassandraLedgerStore ledger_;
  store::CassandraNoteStore notes_;
};

Result<std::unique_ptr<cassandra::Session>> connect(const Config& config) {
  return cassandra::Session::connect({.contact_points = config.cassandra_contact_points,
                                      .username = config.cassandra_username,
                                      .password = config.cassandra_password,
                                      .local_datacenter = config.cassandra_local_dc,
                                      .keyspace = config.cassandra_keyspace});
}

/// Tells this data folder from those of other programs on the same tables: its own turns and holds are for it to end.
std::string node_of(const fs::path& folder) {
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  std::error_code ignored;
  return fmt::format("{}:{}", host.data(), fs::weakly_canonical(folder, ignored).string());
}

Result<std::unique_ptr<Stores>> open_cassandra(const Config& config, Runtime& runtime) {
  GIBSEY_TRY(auto session, connect(config));
  GIBSEY_CHECK(runtime.wait(cassandra::use_current_form(*session)));
  auto stores = std::make_unique<CassandraStores>(std::move(session), node_of(config.data));
  GIBSEY_TRY(const int repaired, runtime.wait(stores->repair()));
  if (repaired > 0) log::warn("{} pages whose writers were interrupted were made whole", repaired);
  return stores;
}

#else

std::unexpected<Error> built_without() {
  return fail(ErrorCode::unavailable,
              "CASSANDRA_CONTACT_POINTS is set, but this program was built without Cassandra: configure it with "
              "-DGIBSEY_CASSANDRA=ON (it needs cargo), or unset it to use the data folder's files");
}

#endif

}  // namespace

Result<std::unique_ptr<Stores>> open_stores(const Config& config, [[maybe_unused]] Runtime& runtime, bool all) {
  if (config.cassandra_contact_points.empty()) return FileStores::open(config.data, all);
#ifdef GIBSEY_CASSANDRA
  return open_cassandra(config, runtime);
#else
  return built_without();
#endif
}

Result<std::string> migrate_stores(const Config& config, [[maybe_unused]] Runtime& runtime) {
  if (config.cassandra_contact_points.empty()) {
    GIBSEY_TRY(const auto stores, FileStores::open(config.data, true));
    stores->close();
    return fmt::format("the files in {} have this program's form; each is brought to it when it is opened", config.data.string());
  }
#ifdef GIBSEY_CASSANDRA
  GIBSEY_TRY(const auto session, connect(config));
  GIBSEY_TRY(const auto forms, runtime.wait(cassandra::migrate(*session)));
  if (forms.before == forms.now) return fmt::format("the keyspace {} has form {} already", config.cassandra_keyspace, forms.now);
  return fmt::format("the keyspace {} was brought from form {} to form {}", config.cassandra_keyspace, forms.before, forms.now);
#else
  return built_without();
#endif
}

Result<std::string> cassandra_schema([[maybe_unused]] const Config& config) {
#ifdef GIBSEY_CASSANDRA
  return cassandra::schema_text(config.cassandra_keyspace);
#else
  return built_without();
#endif
}

}  // namespace gibsey::app
