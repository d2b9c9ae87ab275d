#include "server/credits.hpp"

#include "base/clock.hpp"
#include "server/json_response.hpp"
#include "server/problem.hpp"
#include "server/request_fields.hpp"
#include "server/turn_start.hpp"

namespace gibsey::server {
namespace {

constexpr std::int64_t kMostCredits = 1'000'000'000;

Json to_json(const model::LedgerEntry& entry) {
  return {{"number", entry.number}, {"id", entry.id},         {"kind", entry.kind},       {"amount", entry.amount},
          {"ref", entry.ref},       {"reason", entry.reason}, {"balance", entry.balance}, {"created", iso8601(entry.created)}};
}

}  // namespace

boost::asio::awaitable<net::HttpResponse> add_credit(const Services& services, RouteRequest& request) {
  GIBSEY_FIELD(const auto object, parse_object(request.http.body));
  GIBSEY_FIELD(const auto user_id, required_text(object, "user_id", kUserId));
  GIBSEY_FIELD(const auto amount, required_number(object, "amount", 1, kMostCredits));
  GIBSEY_FIELD(const auto ref, optional_text(object, "ref", kName));
  GIBSEY_FIELD(const auto reason, optional_text(object, "reason", kName));
  const auto why = reason.empty() ? std::string("credit") : reason;
  const auto entry = ref.empty() ? co_await services.ledger.grant(user_id, amount, why)
                                 : co_await services.ledger.give_back(user_id, amount, ref, why);
  if (!entry) co_return problem(entry.error());
  co_return json_response(200, {{"user_id", user_id}, {"balance", entry->balance}, {"entry_id", entry->id}});
}

boost::asio::awaitable<net::HttpResponse> debit(const Services& services, RouteRequest& request) {
  GIBSEY_FIELD(const auto object, parse_object(request.http.body));
  GIBSEY_FIELD(const auto user_id, asking_user(request, object));
  GIBSEY_FIELD(const auto cost, required_number(object, "cost", 1, kMostCredits));
  GIBSEY_FIELD(const auto key, idempotency_key(request.http, "debit"));
  const auto outcome =
      co_await services.ledger.debit(user_id, static_cast<int>(cost), key ? key->key : "", services.opening_grant);
  if (!outcome) co_return problem(outcome.error());
  if (const auto* refused = std::get_if<model::InsufficientCredits>(&*outcome)) {
    co_return json_response(402, {{"needed", refused->needed}, {"available", refused->available}});
  }
  const auto& entry = std::get<model::LedgerEntry>(*outcome);
  co_return json_response(200, {{"user_id", user_id}, {"balance", entry.balance}, {"entry_id", entry.id}});
}

boost::asio::awaitable<net::HttpResponse> get_ledger(const Services& services, RouteRequest& request) {
  GIBSEY_FIELD(const auto wanted, checked_text(request.parameters.at(0), "user_id", kUserId));
  GIBSEY_FIELD(const auto user_id, authorize_user(request.principal, wanted));
  GIBSEY_FIELD(const auto limit, query_number(request.find("limit"), "limit", 50, 1, 1000));
  const auto entries = co_await services.ledger.statement(user_id, static_cast<int>(limit));
  if (!entries) co_return problem(entries.error());
  const auto balance = co_await services.ledger.balance(user_id);
  if (!balance) co_return problem(balance.error());
  auto list = Json::array();
  for (const auto& entry : *entries) list.push_back(to_json(entry));
  Json body{{"user_id", user_id}, {"balance", *balance}, {"known", !entries->empty()}};
  if (entries->empty()) body["opening_grant"] = services.opening_grant;
  body["entries"] = list;
  co_return json_response(200, body);
}

}  // namespace gibsey::server
