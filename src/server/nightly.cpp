#include "server/nightly.hpp"

#include "server/problem.hpp"
#include "server/request_fields.hpp"
#include "server/world_choice.hpp"

#include <fmt/format.h>

namespace gibsey::server {
namespace {

constexpr std::int64_t kMostRuns = 100;

Json run_json(const model::NightlyRun& run) {
  const auto& counts = run.counts;
  return {{"run_id", run.id},
          {"status", to_string(run.status)},
          {"world", run.world.empty() ? Json() : Json(run.world)},
          {"force", run.force},
          {"trigger", run.trigger},
          {"attempts", run.attempts},
          {"counts",
           {{"clusters", counts.clusters},
            {"written", counts.written},
            {"extractive", counts.extractive},
            {"unchanged", counts.unchanged},
            {"retired", counts.retired},
            {"left_over", counts.left_over},
            {"sentences_kept", counts.sentences_kept},
            {"sentences_dropped", counts.sentences_dropped}}},
          {"error", run.error.empty() ? Json() : Json(run.error)},
          {"started", iso8601(run.started)},
          {"updated", iso8601(run.updated)},
          {"ended", run.ended == 0 ? Json() : Json(iso8601(run.ended))}};
}

Field<bool> optional_flag(const Json& object, std::string_view name) {
  const auto at = object.find(name);
  if (at == object.end() || at->is_null()) return false;
  if (at->is_boolean()) return at->get<bool>();
  return std::unexpected(problem(422, fmt::format("The field '{}' must be true or false.", name), name));
}

}  // namespace

boost::asio::awaitable<net::HttpResponse> start_nightly_run(const Services& services, RouteRequest& request) {
  GIBSEY_FIELD(const auto object, parse_object(request.http.body.empty() ? "{}" : request.http.body));
  GIBSEY_FIELD(auto world, optional_text(object, "world", kName));
  GIBSEY_FIELD(const bool force, optional_flag(object, "force"));
  if (!world.empty()) {
    const auto chosen = co_await choose_world(services.pages, world);
    if (!chosen) co_return problem(chosen.error());
  }
  const auto run = co_await services.nightly->request(std::move(world), force);
  if (!run) co_return problem(run.error());
  auto response = json_response(202, {{"run_id", run->id}, {"status", to_string(run->status)}});
  response.headers.add("Location", "/v1/jobs/nightly/runs/" + run->id);
  co_return response;
}

boost::asio::awaitable<net::HttpResponse> list_nightly_runs(const Services& services, RouteRequest& request) {
  GIBSEY_FIELD(const auto limit, query_number(request.find("limit"), "limit", 20, 1, kMostRuns));
  const auto runs = co_await services.notes->list_runs(static_cast<int>(limit));
  if (!runs) co_return problem(runs.error());
  auto list = Json::array();
  for (const auto& run : *runs) list.push_back(run_json(run));
  co_return json_response(200, {{"runs", std::move(list)}});
}

boost::asio::awaitable<net::HttpResponse> get_nightly_run(const Services& services, RouteRequest& request) {
  const auto& id = request.parameters.at(0);
  const auto run = co_await services.notes->find_run(id);
  if (!run) co_return problem(run.error());
  if (!*run) co_return problem(404, fmt::format("There is no nightly run '{}'.", id));
  co_return json_response(200, run_json(**run));
}

}  // namespace gibsey::server
