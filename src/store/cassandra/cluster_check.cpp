#include "store/cassandra/cluster_check.hpp"

#include <fmt/format.h>

#include <charconv>
#include <map>

namespace gibsey::store::cassandra {
namespace {

/// jvector's pool has a place a processor and one more; a write that finds none fails, also one that is read out of the commit
/// log at a start (CASSANDRA-21644, open in 5.0.9). Nobody tells how many processors a node has, so the fewest are assumed.
constexpr int kSafeWriters = 2;

Async<std::map<std::string, std::string>> settings_of(Session& session) {
  std::map<std::string, std::string> settings;
  for (const char* name : {"commitlog_sync", "cdc_enabled", "concurrent_writes"}) {
    GIBSEY_CO_TRY(const auto rows, co_await session.read(cql("SELECT value FROM system_views.settings WHERE name = ?", name)));
    if (!rows.empty()) rows[0] >> settings[name];
  }
  co_return settings;
}

int number_of(const std::string& text) {
  int number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

Async<std::vector<std::string>> find_dangers(Session& session) {
  GIBSEY_CO_TRY(auto settings, co_await settings_of(session));
  std::vector<std::string> dangers;
  if (settings["commitlog_sync"] == "periodic") {
    dangers.emplace_back(
        "commitlog_sync is periodic: a node that is killed forgets writes that it has answered; say batch (or group) in its "
        "cassandra.yaml, or keep three replicas.");
  }
  if (settings["cdc_enabled"] == "false") {
    dangers.emplace_back(
        "cdc_enabled is false: pages that another hand writes are not heard of, and are neither embedded nor quoted; set it to "
        "true (docs/01_cdc_setup.md).");
  }
  if (number_of(settings["concurrent_writes"]) > kSafeWriters) {
    dangers.push_back(fmt::format(
        "concurrent_writes is {}: where a node has fewer processors, Cassandra up to 5.0.9 refuses vectors that are written side "
        "by side, and does not start again after it was killed (CASSANDRA-21644); set it to the number of processors.",
        settings["concurrent_writes"]));
  }
  co_return dangers;
}

}  // namespace gibsey::store::cassandra
