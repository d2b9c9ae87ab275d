#include "server/health.hpp"

#include "base/clock.hpp"
#include "server/json_response.hpp"
#include "server/problem.hpp"

namespace gibsey::server {

boost::asio::awaitable<net::HttpResponse> health(const Services& services, RouteRequest&) {
  const auto now = services.health();
  auto worlds = Json::array();
  for (const auto& world : now.worlds) {
    worlds.push_back({{"name", world.name}, {"title", world.title}, {"pages", world.pages}, {"passages", world.passages}});
  }
  co_return json_response(200, {{"status", now.problems.empty() ? "healthy" : "degraded"},
                                {"service", "gibsey"},
                                {"version", now.version},
                                {"worlds", worlds},
                                {"model", {{"provider", now.provider}, {"model", now.model}, {"embedding_model", now.embedding_model}}},
                                {"queue", {{"running", now.running}, {"waiting", now.waiting}}},
                                {"problems", now.problems},
                                {"timestamp", iso8601(unix_millis_now())}});
}

boost::asio::awaitable<net::HttpResponse> live(const Services&, RouteRequest&) { co_return json_response(200, {{"status", "live"}}); }

boost::asio::awaitable<net::HttpResponse> ready(const Services& services, RouteRequest&) {
  if (services.health().ready) co_return json_response(200, {{"status", "ready"}});
  auto response = problem(503, "The server is starting or stopping; try again in a moment.");
  response.headers.add("Retry-After", "1");
  co_return response;
}

boost::asio::awaitable<net::HttpResponse> metrics_text(const Services& services, RouteRequest&) {
  co_return net::HttpResponse{200, {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}}, services.metrics.text()};
}

}  // namespace gibsey::server
