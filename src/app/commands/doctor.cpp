#include "app/commands/commands.hpp"
#include "app/complain.hpp"
#include "app/runtime.hpp"
#include "app/server_checks.hpp"
#include "app/stores.hpp"
#include "base/clock.hpp"
#include "store/sqlite/ledger_store.hpp"
#include "store/sqlite/outbox_store.hpp"
#include "store/sqlite/page_store.hpp"
#include "store/sqlite/turn_store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace gibsey::app {
namespace {

namespace asio = boost::asio;

/// A hold lives for a turn's five minutes at the most; the server sweeps what is older than ten.
constexpr UnixMillis kOldestHold = 11 * 60 * 1000;

/// Prints what was looked at and what came of it.
class Findings {
 public:
  void add(const std::string& what, const Result<void>& outcome) {
    if (outcome) {
      fmt::print("ok       {}\n", what);
    } else {
      fmt::print("PROBLEM  {}: {}\n", what, outcome.error().message);
      sound_ = false;
    }
  }
  /// It works, and may not for ever.
  void warn(const std::string& danger) { fmt::print("WARNING  {}\n", danger); }
  [[nodiscard]] bool sound() const { return sound_; }

 private:
  bool sound_ = true;
};

/// `Ledger`: what knows open holds.
template <typename Ledger>
asio::awaitable<Result<void>> check_holds(Ledger& ledger) {
  GIBSEY_CO_TRY(const auto holds, co_await ledger.open_holds());
  const auto oldest = unix_millis_now() - kOldestHold;
  const auto old = std::ranges::count_if(holds, [oldest](const model::CreditHold& hold) { return hold.created < oldest; });
  if (old == 0) co_return Result<void>{};
  co_return fail(ErrorCode::corrupt, fmt::format("{} hold{} of turns that ended long ago {} open; start the server, it ends them",
                                                 old, old == 1 ? "" : "s", old == 1 ? "is" : "are"));
}

asio::awaitable<Result<void>> check_refusals(store::OutboxStore& outbox) {
  GIBSEY_CO_TRY(const auto refused, co_await outbox.count_refused());
  if (refused == 0) co_return Result<void>{};
  co_return fail(ErrorCode::conflict,
                 fmt::format("it would not take {} of them; outbox.db tells which (delivery 'refused' in its table endings), "
                             "give those credits back there by hand",
                             refused));
}

/// What a ledger elsewhere (LEDGER_URL) is owed; a folder that never had one has no such file.
asio::awaitable<Result<void>> examine_outbox(const std::filesystem::path& folder, Findings& findings) {
  if (!std::filesystem::exists(folder / "outbox.db")) co_return Result<void>{};
  GIBSEY_CO_TRY(const auto outbox, store::SqliteOutboxStore::open(folder));
  findings.add("outbox.db is intact", co_await outbox->check_integrity());
  findings.add("every ended hold of the ledger elsewhere has one ending", co_await outbox->verify());
  findings.add("no hold there is older than its limit", co_await check_holds(*outbox));
  GIBSEY_CO_TRY(const auto waiting, co_await outbox->count_waiting());
  findings.add(fmt::format("{} give-backs wait for the ledger elsewhere", waiting), {});
  findings.add("the ledger elsewhere took every give-back", co_await check_refusals(*outbox));
  outbox->close();
  co_return Result<void>{};
}

asio::awaitable<Result<void>> examine_files(const std::filesystem::path& folder, Findings& findings) {
  GIBSEY_CO_TRY(const auto pages, store::SqlitePageStore::open(folder));
  findings.add("pages.db is intact", co_await pages->check_integrity());
  GIBSEY_CO_TRY(const auto turns, store::SqliteTurnStore::open(folder));
  findings.add("turns.db is intact", co_await turns->check_integrity());
  GIBSEY_CO_TRY(const auto ledger, store::SqliteLedgerStore::open(folder));
  findings.add("ledger.db is intact", co_await ledger->check_integrity());
  findings.add("every balance is the sum of its entries", co_await ledger->verify());
  findings.add("no hold is older than its limit", co_await check_holds(*ledger));
  pages->close();
  turns->close();
  ledger->close();
  co_return co_await examine_outbox(folder, findings);
}

asio::awaitable<void> examine_servers(const Place& place, asio::any_io_executor executor, Findings& findings) {
  for (const auto& [what, outcome] : co_await check_servers(place.config, std::move(executor))) findings.add(what, outcome);
}

/// What lies on Cassandra is its own to keep whole; what it says is looked at.
asio::awaitable<Result<void>> examine_cassandra(const Place& place, Stores& stores, Findings& findings) {
  GIBSEY_CO_TRY(const auto worlds, co_await stores.pages().list_worlds());
  findings.add(fmt::format("Cassandra answers at {}; the keyspace {} has {} worlds", place.config.cassandra_contact_points,
                           place.config.cassandra_keyspace, worlds.size()),
               {});
  GIBSEY_CO_TRY(const auto dangers, co_await stores.dangers());
  for (const auto& danger : dangers) findings.warn(danger);
  findings.add("every balance is the sum of its entries", co_await stores.ledger().verify());
  findings.add("no hold is older than its limit", co_await check_holds(stores.ledger()));
  co_return co_await examine_outbox(place.config.data, findings);
}

}  // namespace

int doctor(const Place& place) {
  Runtime runtime;
  Findings findings;
  runtime.wait(examine_servers(place, runtime.executor(), findings));
  if (!place.config.cassandra_contact_points.empty()) {
    const auto stores = open_stores(place.config, runtime, true);
    if (!stores) return complain(stores.error());
    const auto examined = runtime.wait(examine_cassandra(place, **stores, findings));
    (*stores)->close();
    if (!examined) return complain(examined.error());
    return findings.sound() ? 0 : 1;
  }
  if (!std::filesystem::exists(place.config.data / "ledger.db")) {
    return complain(
        {ErrorCode::not_found, fmt::format("there is no data in {}; name the folder with --data", place.config.data.string())});
  }
  if (const auto examined = runtime.wait(examine_files(place.config.data, findings)); !examined)
    return complain(examined.error());
  return findings.sound() ? 0 : 1;
}

}  // namespace gibsey::app
