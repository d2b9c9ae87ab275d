// What CassandraLedgerStore finds when it looks over all users: the holds that are open, and whether everything adds up.
#include "store/cassandra/ledger_store.hpp"
#include "store/ledger_check.hpp"

#include <algorithm>
#include <map>

namespace gibsey::store {

using namespace cassandra;

namespace {

/// No turn lasts longer; a hold of another node that is older was forgotten there.
constexpr std::int64_t kForgotten = std::int64_t{15} * 60 * 1'000'000;

}  // namespace

/// Nothing for one that has ended or never came to be; that is then struck off the list.
Async<std::optional<model::CreditHold>> CassandraLedgerStore::look_at_open(OpenHold open) {
  GIBSEY_CO_TRY(auto hold, co_await find_hold(open.user_id, open.id));
  // A write that was cut off may be agreed on and not be there yet, and would be with the user's next one: this completes it.
  if (!hold) {
    GIBSEY_CO_TRY(hold, co_await find_hold(open.user_id, open.id, Reading::serial));
  }
  if (hold && hold->end_entry == 0) {
    GIBSEY_CO_TRY(auto entry, co_await load_entry(open.user_id, hold->entry));
    co_return model::CreditHold{.id = open.id,
                                .user_id = open.user_id,
                                .turn_id = std::move(entry.ref),
                                .amount = static_cast<int>(hold->amount),
                                .balance = entry.balance,
                                .created = entry.created};
  }
  // One that is not there may be about to be taken.
  if (hold || open.created < clock_.next() - kForgotten) {
    GIBSEY_CO_CHECK(
        co_await session_.write(cql("DELETE FROM open_holds WHERE bucket = ? AND hold_id = ?", bucket_of(open.id), open.id)));
  }
  co_return std::nullopt;
}

Async<std::vector<model::CreditHold>> CassandraLedgerStore::open_holds() {
  std::vector<OpenHold> listed;
  const auto keep = [&listed](Row row) {
    auto& open = listed.emplace_back();
    row >> open.id >> open.node >> open.user_id >> open.created;
    return Result<void>();
  };
  GIBSEY_CO_CHECK(co_await session_.each(cql("SELECT hold_id, node, user_id, created FROM open_holds"), keep));
  std::ranges::sort(listed, {}, &OpenHold::created);
  std::vector<model::CreditHold> holds;
  const auto forgotten = clock_.next() - kForgotten;
  for (auto& open : listed) {
    if (open.node != node_ && open.created > forgotten) continue;
    GIBSEY_CO_TRY(auto hold, co_await look_at_open(std::move(open)));
    if (hold) holds.push_back(*std::move(hold));
  }
  co_return holds;
}

namespace {

/// One user's partition, and what it must say.
struct Sum {
  std::int64_t first_number = -1;  ///< last_number as the first and the last row say it
  std::int64_t last_number = -1;
  std::int64_t balance = 0;
  std::int64_t sum = 0;
  std::int64_t newest = 0;
  std::map<std::int64_t, std::pair<std::string, std::string>> entries;  ///< number -> id, kind
  std::map<std::int64_t, std::string> refs;
  std::map<std::string, std::pair<std::int64_t, std::int64_t>> holds;  ///< id -> entry, end_entry

  void add(Row row) {
    std::string section;
    std::string name;
    std::string id;
    std::string kind;
    std::string ref;
    std::int64_t number = 0;
    std::int64_t amount = 0;
    std::int64_t entry = 0;
    std::int64_t end_entry = 0;
    row >> balance >> last_number >> section >> number >> name >> id >> kind >> amount >> ref >> entry >> end_entry;
    if (first_number < 0) first_number = last_number;
    if (section == "entry") {
      sum += amount;
      newest = std::max(newest, number);
      if (kind == "hold" || !ref.empty()) refs[number] = ref;
      entries[number] = {std::move(id), std::move(kind)};
    } else if (section == "hold") {
      holds[name] = {entry, end_entry};
    }
  }

  [[nodiscard]] std::optional<Error> complaint(const std::string& user_id) const {
    if (sum != balance || newest != last_number || static_cast<std::int64_t>(entries.size()) != newest)
      return balance_differs(user_id);
    for (const auto& [id, hold] : holds) {
      const auto taken = entries.find(hold.first);
      const bool fits = taken != entries.end() && taken->second.first == id && taken->second.second == "hold";
      const auto end = refs.find(hold.second);
      if (!fits || (hold.second != 0 && (end == refs.end() || end->second != id))) return hold_differs(id);
    }
    for (const auto& [number, entry] : entries) {
      if (entry.second == "hold" && !holds.contains(entry.first)) return hold_differs(entry.first);
    }
    return std::nullopt;
  }
};

}  // namespace

Async<std::optional<Error>> CassandraLedgerStore::examine(std::string user_id) {
  constexpr int kTries = 10;
  std::optional<Error> complaint;
  for (int attempt = 0; attempt < kTries; ++attempt) {
    Sum sum;
    const auto add = [&sum](Row row) {
      sum.add(row);
      return Result<void>();
    };
    GIBSEY_CO_CHECK(
        co_await session_.each(cql("SELECT balance, last_number, section, number, name, id, kind, amount, ref, entry, "
                                   "end_entry FROM ledger WHERE user_id = ?",
                                   user_id),
                               add));
    complaint = sum.complaint(user_id);
    // A long partition is read in pieces, between which it may have been changed.
    if (!complaint || sum.first_number == sum.last_number) co_return complaint;
  }
  co_return complaint;
}

Async<void> CassandraLedgerStore::verify() {
  std::vector<std::string> users;
  const auto keep = [&users](Row row) {
    row >> users.emplace_back();
    return Result<void>();
  };
  GIBSEY_CO_CHECK(co_await session_.each(cql("SELECT DISTINCT user_id FROM ledger"), keep));
  std::ranges::sort(users);
  std::optional<Error> hold;
  for (const auto& user : users) {
    GIBSEY_CO_TRY(const auto complaint, co_await examine(user));
    if (!complaint) continue;
    if (complaint->message == balance_differs(user).message) co_return std::unexpected(*complaint);
    if (!hold) hold = complaint;
  }
  if (hold) co_return std::unexpected(*hold);
  co_return Result<void>();
}

}  // namespace gibsey::store
