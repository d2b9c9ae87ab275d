#include "store/http/remote_ledger.hpp"

#include "base/log.hpp"
#include "net/service_json.hpp"
#include "store/http/ledger_answers.hpp"
#include "store/http/pump.hpp"
#include "store/ledger_check.hpp"

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <optional>

namespace gibsey::store {

namespace asio = boost::asio;
using nlohmann::json;
using std::chrono::milliseconds;

namespace {

constexpr int kBatch = 100;
constexpr milliseconds kLongestSleep{60'000};
constexpr int kMostDoublings = 20;
constexpr int kMostEntries = 1'000;  // what GET /ledger/{user_id} gives at once

net::ServiceSettings named(net::ServiceSettings service, const std::string& url) {
  if (service.name.empty()) service.name = "the ledger";
  service.address = net::shown_address(url);
  return service;
}

std::string dump(const json& body) {
  return body.dump(-1, ' ', false, json::error_handler_t::replace);
}

bool succeeded(const net::ServiceAnswer& answer) {
  return answer.status >= 200 && answer.status < 300;
}

ErrorCode code_of(int status) {
  switch (status) {
    case 400:
    case 422: return ErrorCode::invalid_argument;
    case 404: return ErrorCode::not_found;
    case 409: return ErrorCode::conflict;
    case 413: return ErrorCode::too_large;
    case 429: return ErrorCode::busy;
    default: return ErrorCode::unavailable;
  }
}

/// How an answer of /credit ends the give-back; nullopt: it is tried again. `late`: a debit that was not answered cannot arrive
/// any more.
std::optional<Delivery> end_of(const net::ServiceAnswer& answer, bool confirmed, bool late) {
  if (succeeded(answer)) return Delivery::given;
  if (answer.status == 404 && (confirmed || late)) return Delivery::unknown;
  if (answer.status == 409) return Delivery::refused;
  return std::nullopt;
}

void tell(const GiveBack& due, Delivery delivery, const net::ServiceAnswer& answer) {
  if (delivery == Delivery::given) return log::info("{}: {} credits were given back", due.hold_id, due.amount);
  if (delivery == Delivery::unknown && !due.confirmed) return log::info("{}: the ledger had not taken the debit", due.hold_id);
  log::error("{}: {} credits were not given back, the ledger answered {}: see to it by hand", due.hold_id, due.amount,
             answer.status);
}

}  // namespace

RemoteLedger::RemoteLedger(RemoteLedgerSettings settings, OutboxStore& outbox)
    : settings_(std::move(settings)),
      outbox_(outbox),
      asking_(named(settings_.service, settings_.url)),
      giving_(named(settings_.service, http::sibling_address(settings_.url, "credit"))),
      pump_(std::make_shared<http::Pump>()) {}

RemoteLedger::~RemoteLedger() = default;

Result<std::unique_ptr<RemoteLedger>> RemoteLedger::create(RemoteLedgerSettings settings, OutboxStore& outbox) {
  GIBSEY_CHECK(net::check_service_address("LEDGER_URL", settings.url));
  return std::unique_ptr<RemoteLedger>(new RemoteLedger(std::move(settings), outbox));
}

net::ServiceCall RemoteLedger::debit_call(const std::string& user_id, std::int64_t cost, const std::string& key) const {
  net::ServiceCall call{.method = "POST",
                        .url = settings_.url,
                        .headers = {{"Content-Type", "application/json"}},
                        .body = dump({{"user_id", user_id}, {"cost", cost}})};
  if (!key.empty()) call.headers.add("Idempotency-Key", key);
  return call;
}

net::ServiceCall RemoteLedger::credit_call(const std::string& user_id, std::int64_t amount, const std::string& ref,
                                           const std::string& reason) const {
  json body{{"user_id", user_id}, {"amount", amount}, {"reason", http::one_line(reason)}};
  if (!ref.empty()) body["ref"] = ref;
  net::ServiceCall call{.method = "POST",
                        .url = http::sibling_address(settings_.url, "credit"),
                        .headers = {{"Content-Type", "application/json"}},
                        .body = dump(body)};
  // What is given back by name is given once; a grant has no name, and would be given twice if it were repeated.
  if (!ref.empty()) call.headers.add("Idempotency-Key", "give-back-" + net::percent_encoded(ref));
  return call;
}

Async<model::HoldOutcome> RemoteLedger::hold(std::string user_id, std::string turn_id, int amount, int opening_grant) {
  GIBSEY_CO_CHECK(check_hold(amount, opening_grant));
  model::CreditHold hold{
      .id = "remote-" + turn_id, .user_id = user_id, .turn_id = turn_id, .amount = amount, .created = settings_.now()};
  if (amount > 0) {
    // Before anything is written: while the breaker is open the answer comes at once.
    if (auto refusal = asking_.refusal()) co_return std::unexpected(*std::move(refusal));
  }
  GIBSEY_CO_CHECK(co_await outbox_.begin_hold(hold));
  if (amount == 0) co_return hold;
  co_return co_await take(std::move(hold));
}

Async<model::HoldOutcome> RemoteLedger::take(model::CreditHold hold) {
  auto answer = co_await asking_.call(debit_call(hold.user_id, hold.amount, hold.turn_id));
  if (answer && succeeded(*answer)) co_return co_await confirm(std::move(hold), answer->body);
  const bool may_be_taken = answer ? answer->repeated : answer.error().sent;
  if (may_be_taken) {
    co_await give_up(hold.id);
  } else {
    co_await drop(hold.id);
  }
  if (!answer) co_return std::unexpected(Error(std::move(answer).error()));
  if (answer->status == 402) co_return http::read_insufficient(answer->body, hold.amount);
  co_return fail(ErrorCode::unavailable, refused(*answer).message);
}

Async<model::HoldOutcome> RemoteLedger::confirm(model::CreditHold hold, const std::string& body) {
  auto booked = http::read_booked(body);
  if (!booked) {
    co_await give_up(hold.id);
    co_return std::unexpected(unreadable(booked.error()));
  }
  hold.balance = booked->balance.value_or(0);
  // When this fails the hold stays open, and is given back when it is swept.
  GIBSEY_CO_CHECK(co_await outbox_.confirm_hold(hold.id, std::move(booked->entry_id), booked->balance));
  co_return hold;
}

asio::awaitable<void> RemoteLedger::drop(std::string hold_id) {
  const auto dropped = co_await outbox_.drop_hold(hold_id);
  if (!dropped) log::error("{}: stays open until it is swept: {}", hold_id, dropped.error().message);
}

asio::awaitable<void> RemoteLedger::give_up(std::string hold_id) {
  const auto ended = co_await end(hold_id, 0, "release", "the ledger did not answer: released in full");
  if (!ended) log::error("{}: stays open until it is swept: {}", hold_id, ended.error().message);
}

Async<model::LedgerEntry> RemoteLedger::settle(std::string hold_id, int charged, std::string rule) {
  return end(std::move(hold_id), charged, "settle", std::move(rule));
}

Async<model::LedgerEntry> RemoteLedger::release(std::string hold_id, std::string rule) {
  return end(std::move(hold_id), 0, "release", std::move(rule));
}

Async<model::LedgerEntry> RemoteLedger::end(std::string hold_id, int charged, std::string kind, std::string rule) {
  GIBSEY_CO_TRY(auto receipt, co_await outbox_.end_hold(std::move(hold_id), charged, std::move(kind), std::move(rule)));
  if (receipt.amount > 0) pump_->wake();
  co_return receipt;
}

Async<model::DebitOutcome> RemoteLedger::debit(std::string user_id, int amount, std::string key, int opening_grant) {
  GIBSEY_CO_CHECK(check_debit(amount, opening_grant));
  GIBSEY_CO_TRY(const auto answer, co_await asking_.call(debit_call(user_id, amount, key)));
  if (answer.status == 402) co_return http::read_insufficient(answer.body, amount);
  if (!succeeded(answer)) co_return std::unexpected(refused(answer));
  const auto booked = http::read_booked(answer.body);
  if (!booked) co_return std::unexpected(unreadable(booked.error()));
  co_return model::LedgerEntry{.id = booked->entry_id,
                               .user_id = std::move(user_id),
                               .kind = "debit",
                               .amount = -std::int64_t{amount},
                               .ref = std::move(key),
                               .balance = booked->balance.value_or(0)};
}

Async<model::LedgerEntry> RemoteLedger::give_back(std::string user_id, std::int64_t amount, std::string ref, std::string reason) {
  GIBSEY_CO_CHECK(check_grant(amount));
  if (ref.empty()) co_return std::unexpected(nothing_to_give_back(user_id, ref));
  co_return co_await add(std::move(user_id), amount, std::move(ref), std::move(reason));
}

Async<model::LedgerEntry> RemoteLedger::grant(std::string user_id, std::int64_t amount, std::string reason) {
  GIBSEY_CO_CHECK(check_grant(amount));
  co_return co_await add(std::move(user_id), amount, "", std::move(reason));
}

Async<model::LedgerEntry> RemoteLedger::add(std::string user_id, std::int64_t amount, std::string ref, std::string reason) {
  GIBSEY_CO_TRY(const auto answer, co_await asking_.call(credit_call(user_id, amount, ref, reason)));
  if (!succeeded(answer)) co_return std::unexpected(refused(answer));
  const auto booked = http::read_booked(answer.body);
  if (!booked) co_return std::unexpected(unreadable(booked.error()));
  co_return model::LedgerEntry{.id = booked->entry_id,
                               .user_id = std::move(user_id),
                               .kind = ref.empty() ? "grant" : "credit",
                               .amount = amount,
                               .ref = std::move(ref),
                               .reason = std::move(reason),
                               .balance = booked->balance.value_or(0)};
}

Async<std::int64_t> RemoteLedger::balance(std::string user_id) {
  const auto url = http::sibling_address(settings_.url, "ledger/" + net::percent_encoded(user_id)) + "?limit=1";
  GIBSEY_CO_TRY(const auto answer, co_await asking_.call({.url = url}));
  if (answer.status == 404) co_return 0;
  if (!succeeded(answer)) co_return std::unexpected(refused(answer));
  const auto balance = http::read_balance(answer.body);
  if (!balance) co_return std::unexpected(unreadable(balance.error()));
  co_return *balance;
}

Async<std::vector<model::LedgerEntry>> RemoteLedger::statement(std::string user_id, int limit) {
  if (limit <= 0) co_return std::vector<model::LedgerEntry>();
  const auto path = fmt::format("ledger/{}?limit={}", net::percent_encoded(user_id), std::min(limit, kMostEntries));
  GIBSEY_CO_TRY(const auto answer, co_await asking_.call({.url = http::sibling_address(settings_.url, path)}));
  if (answer.status == 404) co_return std::vector<model::LedgerEntry>();
  if (!succeeded(answer)) co_return std::unexpected(refused(answer));
  auto entries = http::read_entries(answer.body, user_id);
  if (!entries) co_return std::unexpected(unreadable(entries.error()));
  if (entries->size() > static_cast<std::size_t>(limit)) entries->resize(static_cast<std::size_t>(limit));
  co_return *std::move(entries);
}

Async<std::vector<model::CreditHold>> RemoteLedger::open_holds() {
  return outbox_.open_holds();
}

Async<void> RemoteLedger::verify() {
  return outbox_.verify();
}

Error RemoteLedger::refused(const net::ServiceAnswer& answer) const {
  const auto detail = http::read_detail(answer.body);
  const bool unknown_to_it = answer.status == 401 || answer.status == 403;
  return {code_of(answer.status), fmt::format("{} at {} answered {}{}", asking_.name(), asking_.address(), answer.status,
                                              unknown_to_it    ? "; check the service token"
                                              : detail.empty() ? ""
                                                               : ": " + detail)};
}

Error RemoteLedger::unreadable(const Error& error) const {
  return {ErrorCode::unavailable,
          fmt::format("{} at {} gave an answer that cannot be read: {}", asking_.name(), asking_.address(), error.message)};
}

asio::awaitable<void> RemoteLedger::run() {
  const auto strand = asio::make_strand(co_await asio::this_coro::executor);
  co_await asio::co_spawn(strand, pump(), asio::use_awaitable);
}

void RemoteLedger::stop() {
  pump_->stop();
}

asio::awaitable<void> RemoteLedger::pump() {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  const http::Pump::Running running(pump_, timer);
  int failures = 0;
  while (!pump_->stopped()) {
    pump_->forget_wakes();  // what comes from here on ends the wait below
    const auto delivered = co_await deliver_due();
    if (!delivered) log::warn("credits wait to be given back: {}", delivered.error().message);
    failures = delivered ? 0 : failures + 1;
    auto pause = delivered ? kLongestSleep : retry_after(failures - 1);
    if (delivered) {
      const auto next = co_await outbox_.next_due();
      if (next && *next) pause = std::clamp(milliseconds(**next - settings_.now()), milliseconds(0), kLongestSleep);
    }
    co_await pump_->wait(timer, pause, delivered.has_value());
  }
}

Async<int> RemoteLedger::deliver_due() {
  GIBSEY_CO_TRY(const auto due, co_await outbox_.due_give_backs(settings_.now(), kBatch));
  int closed = 0;
  for (const auto& one : due) {
    if (pump_->stopped()) break;
    GIBSEY_CO_TRY(const bool is_closed, co_await deliver(one));
    closed += is_closed ? 1 : 0;
  }
  co_return closed;
}

Async<bool> RemoteLedger::deliver(GiveBack due) {
  auto answer = co_await giving_.call(credit_call(due.user_id, due.amount, due.ref, due.reason));
  const auto now = settings_.now();
  const bool late = now - due.created >= settings_.late_debits.count();
  if (const auto end = answer ? end_of(*answer, due.confirmed, late) : std::nullopt) {
    GIBSEY_CO_CHECK(co_await outbox_.close_give_back(due.number, *end));
    tell(due, *end, *answer);
    co_return true;
  }
  GIBSEY_CO_CHECK(co_await outbox_.put_off(due.number, now + retry_after(due.attempts).count()));
  if (!answer) co_return std::unexpected(Error(std::move(answer).error()));
  if (answer->status == 429) co_return std::unexpected(refused(*answer));
  if (answer->status != 404) log::warn("{}: not given back yet: {}", due.hold_id, refused(*answer).message);
  co_return false;
}

milliseconds RemoteLedger::retry_after(int attempts) const {
  const auto time = settings_.first_retry * (1LL << std::clamp(attempts, 0, kMostDoublings));
  return std::min<milliseconds>(time, settings_.longest_retry);
}

}  // namespace gibsey::store
