#include "app/commands/commands.hpp"
#include "app/complain.hpp"
#include "app/runtime.hpp"
#include "base/clock.hpp"
#include "store/sqlite/ledger_store.hpp"
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
  [[nodiscard]] bool sound() const { return sound_; }

 private:
  bool sound_ = true;
};

asio::awaitable<Result<void>> check_holds(store::LedgerStore& ledger) {
  GIBSEY_CO_TRY(const auto holds, co_await ledger.open_holds());
  const auto oldest = unix_millis_now() - kOldestHold;
  const auto old = std::ranges::count_if(holds, [oldest](const model::CreditHold& hold) { return hold.created < oldest; });
  if (old == 0) co_return Result<void>{};
  co_return fail(ErrorCode::corrupt,
                 fmt::format("{} credits are held by turns that ended long ago; start the server, it gives them back", old));
}

asio::awaitable<Result<bool>> examine(const Place& place) {
  const auto& folder = place.config.data;
  Findings findings;
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
  co_return findings.sound();
}

}  // namespace

int doctor(const Place& place) {
  if (!std::filesystem::exists(place.config.data / "ledger.db")) {
    return complain(
        {ErrorCode::not_found, fmt::format("there is no data in {}; name the folder with --data", place.config.data.string())});
  }
  Runtime runtime;
  const auto sound = runtime.wait(examine(place));
  if (!sound) return complain(sound.error());
  return *sound ? 0 : 1;
}

}  // namespace gibsey::app
