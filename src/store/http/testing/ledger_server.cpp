#include "store/http/testing/ledger_server.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <stdexcept>

namespace gibsey::store::testing {

namespace asio = boost::asio;
using nlohmann::json;

namespace {

constexpr int kOpeningGrant = 100;

net::HttpResponse json_answer(int status, const json& body) {
  return {status, {{"Content-Type", "application/json"}}, body.dump()};
}

net::HttpResponse problem(const Error& error) {
  int status = 503;
  if (error.code == ErrorCode::not_found) status = 404;
  if (error.code == ErrorCode::conflict) status = 409;
  if (error.code == ErrorCode::invalid_argument) status = 422;
  return json_answer(status, {{"title", "refused"}, {"status", status}, {"detail", error.message}});
}

json booked(const model::LedgerEntry& entry) {
  return {{"user_id", entry.user_id}, {"balance", entry.balance}, {"entry_id", entry.id}};
}

}  // namespace

void LedgerServer::trouble(LedgerTroubles troubles) {
  const std::lock_guard lock(mutex_);
  troubles_ = std::move(troubles);
}

std::vector<net::HttpRequest> LedgerServer::requests(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  std::vector<net::HttpRequest> found;
  for (const auto& request : requests_) {
    if (request.path().starts_with(path)) found.push_back(request);
  }
  return found;
}

net::Admission LedgerServer::admit(const net::HttpRequest&) {
  return {64 * 1024, std::nullopt};
}

net::HttpResponse LedgerServer::refusal(const net::HttpRequest&, int status, std::string_view detail) {
  return {status, {}, std::string(detail)};
}

asio::awaitable<void> LedgerServer::answer(net::HttpRequest request, net::HttpExchange& exchange) {
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
  }
  if (request.path() == "/debit") co_return co_await debit(std::move(request), exchange);
  if (request.path() == "/credit") co_return co_await credit(std::move(request), exchange);
  co_await account(std::move(request), exchange);
}

LedgerTroubles LedgerServer::take_troubles(bool taken) {
  const std::lock_guard lock(mutex_);
  auto troubles = troubles_;
  if (taken && troubles_.cut_after_debit > 0) {
    --troubles_.cut_after_debit;
  } else if (taken && troubles_.fail_after_debit > 0) {
    --troubles_.fail_after_debit;
  }
  return troubles;
}

asio::awaitable<void> LedgerServer::debit(net::HttpRequest request, net::HttpExchange& exchange) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  while (take_troubles(false).hangs) {
    timer.expires_after(std::chrono::milliseconds(5));
    boost::system::error_code ignored;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  const auto before = take_troubles(false);
  const int refusal = before.cut_after_debit == 0 && before.then_status != 0 ? before.then_status : before.debit_status;
  if (refusal != 0) {
    co_await exchange.send(json_answer(refusal, {{"detail", "in trouble"}}));
    co_return;
  }
  const auto body = json::parse(request.body);
  const auto key = request.headers.find("Idempotency-Key");
  const auto outcome = co_await ledger_.debit(body.at("user_id"), body.at("cost"), std::string(key.value_or("")), kOpeningGrant);
  if (!outcome) {
    co_await exchange.send(problem(outcome.error()));
    co_return;
  }
  if (const auto* refused = std::get_if<model::InsufficientCredits>(&*outcome)) {
    co_await exchange.send(json_answer(402, {{"needed", refused->needed}, {"available", refused->available}}));
    co_return;
  }
  const auto troubles = take_troubles(true);
  if (troubles.cut_after_debit > 0) {
    co_await exchange.begin_stream(200, {{"Content-Type", "application/json"}});
    co_await exchange.write("{\"user_id\":");
    throw std::runtime_error("the answer breaks off");
  }
  if (troubles.fail_after_debit > 0) {
    co_await exchange.send({500, {}, "the answer was lost"});
  } else if (!troubles.debit_answer.empty()) {
    co_await exchange.send({200, {}, troubles.debit_answer});
  } else {
    co_await exchange.send(json_answer(200, booked(std::get<model::LedgerEntry>(*outcome))));
  }
}

asio::awaitable<void> LedgerServer::credit(net::HttpRequest request, net::HttpExchange& exchange) {
  if (const auto status = take_troubles(false).credit_status; status != 0) {
    co_await exchange.send(json_answer(status, {{"detail", "in trouble"}}));
    co_return;
  }
  const auto body = json::parse(request.body);
  const std::string user_id = body.at("user_id");
  const std::int64_t amount = body.at("amount");
  const auto ref = body.value("ref", "");
  const auto reason = body.value("reason", "credit");
  const auto entry =
      ref.empty() ? co_await ledger_.grant(user_id, amount, reason) : co_await ledger_.give_back(user_id, amount, ref, reason);
  co_await exchange.send(entry ? json_answer(200, booked(*entry)) : problem(entry.error()));
}

asio::awaitable<void> LedgerServer::account(net::HttpRequest request, net::HttpExchange& exchange) {
  const auto path = net::parse_path(request.path());
  if (!path || path->size() != 2 || path->front() != "ledger") {
    co_await exchange.send(json_answer(404, {{"detail", "no such path"}}));
    co_return;
  }
  const auto& user_id = path->back();
  const auto limit = request.query().starts_with("limit=") ? std::stoi(std::string(request.query().substr(6))) : 50;
  auto entries = json::array();
  const auto statement = co_await ledger_.statement(user_id, limit);
  for (const auto& entry : *statement) {
    entries.push_back({{"number", entry.number},
                       {"id", entry.id},
                       {"kind", entry.kind},
                       {"amount", entry.amount},
                       {"ref", entry.ref},
                       {"reason", entry.reason},
                       {"balance", entry.balance},
                       {"created", iso8601(entry.created)}});
  }
  const auto balance = co_await ledger_.balance(user_id);
  co_await exchange.send(json_answer(200, {{"user_id", user_id}, {"balance", *balance}, {"entries", entries}}));
}

}  // namespace gibsey::store::testing
