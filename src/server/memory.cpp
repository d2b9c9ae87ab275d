#include "server/memory.hpp"

#include "base/ids.hpp"
#include "server/problem.hpp"
#include "server/request_fields.hpp"
#include "server/turn_start.hpp"

namespace gibsey::server {
namespace {

Json to_json(const store::Fact& fact) {
  return {{"fact_id", fact.id},
          {"user_id", fact.user_id},
          {"character_id", fact.character_id},
          {"fact", fact.text},
          {"created_at", iso8601(fact.created)}};
}

/// `fact`, or the source's fact_key and fact_value ("favourite_colour", "green").
Field<std::string> fact_text(const Json& object) {
  GIBSEY_TRY(auto value, optional_text(object, "fact_value", {1, 2000, true}));
  if (value.empty()) return required_text(object, "fact", {1, 2000, true});
  GIBSEY_TRY(const auto key, required_text(object, "fact_key", {1, 255, false}));
  return key + ": " + value;
}

}  // namespace

boost::asio::awaitable<net::HttpResponse> retrieve_context(const Services& services, RouteRequest& request) {
  GIBSEY_FIELD(const auto object, parse_object(request.http.body));
  chat::RecallQuery query;
  GIBSEY_FIELD(query.user_id, asking_user(request, object));
  GIBSEY_FIELD(query.character_id, required_text(object, "character_id", {1, 200, false}));
  GIBSEY_FIELD(query.message, required_text(object, "message", {1, 8000, true}));
  GIBSEY_FIELD(const auto facts, optional_number(object, "max_facts", 0, 100));
  GIBSEY_FIELD(const auto snippets, optional_number(object, "max_snippets", 0, 100));
  query.max_facts = static_cast<int>(facts.value_or(10));
  query.max_snippets = static_cast<int>(snippets.value_or(5));
  const auto recalled = co_await services.recall.retrieve_context(std::move(query));
  if (!recalled) co_return problem(recalled.error());
  auto relevant = Json::array();
  for (const auto& fact : recalled->facts) relevant.push_back({{"fact", fact}});
  co_return json_response(
      200, {{"context", recalled->context}, {"relevant_facts", relevant}, {"conversation_snippets", recalled->snippets}});
}

boost::asio::awaitable<net::HttpResponse> add_fact(const Services& services, RouteRequest& request) {
  GIBSEY_FIELD(const auto object, parse_object(request.http.body));
  store::Fact fact{.id = random_id()};
  GIBSEY_FIELD(fact.user_id, asking_user(request, object));
  GIBSEY_FIELD(fact.character_id, required_text(object, "character_id", {1, 200, false}));
  GIBSEY_FIELD(fact.text, fact_text(object));
  fact.created = unix_millis_now();
  if (const auto stored = co_await services.recall_store.put_fact(fact); !stored) co_return problem(stored.error());
  co_return json_response(201, to_json(fact));
}

boost::asio::awaitable<net::HttpResponse> list_facts(const Services& services, RouteRequest& request) {
  GIBSEY_FIELD(const auto limit, query_number(request.find("limit"), "limit", 50, 1, 1000));
  GIBSEY_FIELD(const auto user_id, authorize_user(request.principal, request.parameters.at(0)));
  const auto facts = co_await services.recall_store.list_facts(user_id, request.parameters.at(1), static_cast<int>(limit));
  if (!facts) co_return problem(facts.error());
  auto list = Json::array();
  for (const auto& fact : *facts) list.push_back(to_json(fact));
  co_return json_response(200, {{"facts", list}, {"total", list.size()}});
}

}  // namespace gibsey::server
