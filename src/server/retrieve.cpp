#include "server/retrieve.hpp"

#include "server/freshness.hpp"
#include "server/json_response.hpp"
#include "server/problem.hpp"
#include "server/request_fields.hpp"
#include "server/world_choice.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace gibsey::server {
namespace {

Json to_json(const retrieval::Hit& hit, const std::string& world) {
  return {{"quote", hit.quote.text},      {"world", world},
          {"page_id", hit.quote.page_id}, {"label", hit.label},
          {"title", hit.title},           {"chapter", hit.chapter},
          {"start", hit.quote.start},     {"end", hit.quote.end},
          {"words", hit.quote.words},     {"page_version", hit.page_version},
          {"score", hit.score},           {"text_score", hit.text_score},
          {"pair_score", hit.pair_score}, {"vector_score", hit.vector_score}};
}

}  // namespace

boost::asio::awaitable<net::HttpResponse> retrieve(const Services& services, RouteRequest& request) {
  const auto text = request.find("q");
  if (!text) co_return problem(422, "The parameter 'q' is missing; write what to look for, as in /retrieve?q=the+tower.", "q");
  retrieval::Query query;
  GIBSEY_FIELD(query.text, checked_text(*text, "q", {1, 8000, true}));
  GIBSEY_FIELD(const auto k, query_number(request.find("k"), "k", 8, 1, 50));
  query.k = static_cast<int>(k);
  auto world = co_await choose_world(services.pages, request.find("world").value_or(""));
  if (!world) co_return problem(world.error());
  query.world = world->name;
  if (auto late = co_await wait_until_fresh(services, *world, request)) co_return *std::move(late);
  query.character = request.find("character").value_or("");
  query.page_id = request.find("page").value_or("");
  const auto found = co_await services.passages.retrieve(std::move(query));
  if (!found) co_return problem(found.error());
  auto list = Json::array();
  for (const auto& hit : found->hits) list.push_back(to_json(hit, world->name));
  auto response = json_response(200, list);
  response.headers.add("X-Gibsey-Above-Threshold", found->above_threshold ? "true" : "false");
  response.headers.add("X-Gibsey-Method", found->method);
  if (!found->missing_shards.empty()) {
    response.headers.add("X-Gibsey-Missing-Shards",
                         fmt::format("{} of {}", fmt::join(found->missing_shards, ","), found->shards));
  }
  co_return response;
}

}  // namespace gibsey::server
