#pragma once
#include "app/config.hpp"
#include "base/result.hpp"
#include "ingest/page_editor.hpp"
#include "model/note.hpp"
#include "model/page.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gibsey::app {

/// A ledger entry as the server tells it.
struct StatementLine {
  std::string created;  ///< ISO 8601
  std::string kind;
  std::int64_t amount = 0;
  std::int64_t balance = 0;
  std::string reason;
};

struct Account {
  std::int64_t balance = 0;
  std::vector<StatementLine> entries;  ///< newest first
};

/// Talks to the server that has this data folder open. Blocks. Errors: unavailable, and what the server's answer says.
class ServerClient {
 public:
  /// Nothing when no server runs. Error: unavailable (the lock file cannot be read), busy (a server that is still starting).
  static Result<std::optional<ServerClient>> find(const Config& config);

  /// Asks over POST /ask and shows the reply as it comes; false when the turn failed.
  Result<bool> ask(const std::string& user, const std::string& character, const std::string& text);
  Result<std::int64_t> grant(const std::string& user, std::int64_t amount);
  Result<Account> account(const std::string& user);
  /// World, id, text and version are set. `world` "" is the first, `version` 0 the newest.
  Result<model::Page> page(const std::string& world, const std::string& id, std::int64_t version);
  /// Of the edit text, source and title count.
  Result<model::Page> put_page(const ingest::PageEdit& edit);
  Result<void> remove_page(const std::string& world, const std::string& id);

  /// The id of the run that has begun. Error: conflict (one is under way).
  Result<std::string> start_nightly(const std::string& world, bool force);
  /// Without their plans.
  Result<model::NightlyRun> nightly_run(const std::string& id);
  Result<std::vector<model::NightlyRun>> nightly_runs();
  /// Those of a world ("": the first), or on a page of it; id, version, kind, chapter and text are set, of the next two too.
  Result<std::vector<model::Note>> notes(const std::string& world, const std::string& page);
  Result<model::Note> note(const std::string& id, std::int64_t version);
  Result<model::Note> revert_note(const std::string& id, std::int64_t version);

 private:
  explicit ServerClient(std::string address) : address_(std::move(address)) {}
  std::string address_;
};

}  // namespace gibsey::app
