#pragma once
#include "app/config.hpp"
#include "app/runtime.hpp"
#include "base/result.hpp"
#include "store/character_store.hpp"
#include "store/ledger_store.hpp"
#include "store/note_store.hpp"
#include "store/page_store.hpp"
#include "store/recall_store.hpp"
#include "store/turn_store.hpp"
#include "store/usage_store.hpp"

#include <memory>
#include <string>
#include <vector>

namespace gibsey::app {

/// Where pages, turns and credits lie: in files of the data folder, or on the Cassandra that CASSANDRA_CONTACT_POINTS names.
class Stores {
 public:
  virtual ~Stores() = default;
  virtual store::PageStore& pages() = 0;
  virtual store::CharacterStore& characters() = 0;
  virtual store::TurnStore& turns() = 0;
  virtual store::UsageStore& usage() = 0;
  virtual store::RecallStore& recall() = 0;
  virtual store::LedgerStore& ledger() = 0;
  virtual store::NoteStore& notes() = 0;
  /// Finishes what is queued; blocks. While the runtime still runs.
  virtual void close() = 0;
  /// "sqlite", "cassandra".
  [[nodiscard]] virtual const char* name() const = 0;
  /// The address of the service that holds them; "" where this process does.
  [[nodiscard]] virtual std::string elsewhere() const { return ""; }
  /// This process's name among those that share the stores, the same after a restart; "" where none can.
  [[nodiscard]] virtual std::string node() const { return ""; }
  /// What was asked last was answered.
  [[nodiscard]] virtual bool connected() const { return true; }
  /// What in that service's settings may cost data, a sentence each. Errors: unavailable.
  virtual store::Async<std::vector<std::string>> dangers() { co_return std::vector<std::string>(); }
};

/// Opens those of `config`; of the files pages.db alone where not `all`. Blocks; not from a coroutine. Errors: unavailable (no
/// Cassandra answers, its tables are not of this program's form, this program was built without it), corrupt.
Result<std::unique_ptr<Stores>> open_stores(const Config& config, Runtime& runtime, bool all);

/// Brings the stores of `config` to this program's form and says in a line what was done. Errors as open_stores.
Result<std::string> migrate_stores(const Config& config, Runtime& runtime);
/// The schema of the tables on Cassandra. Error: unavailable, from a program that was built without it.
Result<std::string> cassandra_schema(const Config& config);

}  // namespace gibsey::app
