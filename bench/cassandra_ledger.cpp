// How many holds a second a ledger on Cassandra takes, and how long one takes: CALLERS at once, each holding and settling, on as
// many users as callers and on a tenth of them. Prints a line of JSON a workload.
//   cassandra_ledger --at host:port [--callers 64] [--rounds 40]
#include "base/ids.hpp"
#include "store/cassandra/ledger_store.hpp"
#include "store/cassandra/schema.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <algorithm>
#include <chrono>
#include <thread>
#include <variant>
#include <vector>

namespace {

namespace asio = boost::asio;
namespace cassandra = gibsey::store::cassandra;
using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point begun) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begun).count();
}

struct Measured {
  std::vector<double> holds;
  std::vector<double> settles;
  int failed = 0;
};

asio::awaitable<void> call(gibsey::store::LedgerStore& ledger, std::string user, int rounds, Measured& measured) {
  for (int i = 0; i < rounds; ++i) {
    const auto begun = Clock::now();
    const auto outcome = co_await ledger.hold(user, "turn", 1, 1'000'000);
    measured.holds.push_back(ms_since(begun));
    const auto* hold = outcome ? std::get_if<gibsey::model::CreditHold>(&*outcome) : nullptr;
    if (hold == nullptr) {
      ++measured.failed;
      continue;
    }
    const auto held = Clock::now();
    const auto settled = co_await ledger.settle(hold->id, 1, "bench");
    measured.settles.push_back(ms_since(held));
    measured.failed += settled ? 0 : 1;
  }
}

double at(std::vector<double>& times, double part) {
  std::ranges::sort(times);
  return times.empty() ? 0 : times[static_cast<std::size_t>(part * static_cast<double>(times.size() - 1))];
}

void run(gibsey::store::LedgerStore& ledger, int callers, int users, int rounds) {
  asio::io_context io;
  std::vector<Measured> each(static_cast<std::size_t>(callers));
  const auto run_id = gibsey::random_id().substr(0, 6);
  for (int i = 0; i < callers; ++i) {
    asio::co_spawn(io, call(ledger, fmt::format("{}-{}", run_id, i % users), rounds, each[static_cast<std::size_t>(i)]),
                   asio::detached);
  }
  const auto begun = Clock::now();
  std::thread other([&io] { io.run(); });
  io.run();
  other.join();
  const auto ms = ms_since(begun);
  Measured all;
  for (auto& one : each) {
    std::ranges::copy(one.holds, std::back_inserter(all.holds));
    std::ranges::copy(one.settles, std::back_inserter(all.settles));
    all.failed += one.failed;
  }
  const auto count = static_cast<double>(all.holds.size() + all.settles.size());
  fmt::print(R"({{"callers": {}, "users": {}, "transactions": {}, "failed": {}, "per_second": {:.0f}, "hold_p50_ms": {:.1f}, )"
             R"("hold_p95_ms": {:.1f}, "settle_p50_ms": {:.1f}, "settle_p95_ms": {:.1f}}})"
             "\n",
             callers, users, count, all.failed, count / ms * 1000, at(all.holds, 0.5), at(all.holds, 0.95), at(all.settles, 0.5),
             at(all.settles, 0.95));
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App cli("Ledger on Cassandra");
  cassandra::Address address;
  int callers = 64;
  int rounds = 40;
  cli.add_option("--at", address.contact_points, "host:port")->required();
  cli.add_option("--callers", callers);
  cli.add_option("--rounds", rounds);
  CLI11_PARSE(cli, argc, argv);
  address.keyspace = "bench_" + gibsey::random_id().substr(0, 8);
  const auto session = cassandra::Session::connect(address);
  if (!session) return fmt::print(stderr, "{}\n", session.error().message), 1;
  asio::io_context io;
  auto migrated = asio::co_spawn(io, cassandra::migrate(**session), asio::use_future);
  io.run();
  if (const auto forms = migrated.get(); !forms) return fmt::print(stderr, "{}\n", forms.error().message), 1;
  gibsey::store::CassandraLedgerStore ledger(**session, "bench");
  run(ledger, callers, callers, rounds);
  run(ledger, callers, std::max(callers / 10, 1), rounds);
  io.restart();
  auto dropped = asio::co_spawn(io, (*session)->define("DROP KEYSPACE " + address.keyspace), asio::use_future);
  io.run();
  (*session)->close();
  return dropped.get() ? 0 : 1;
}
