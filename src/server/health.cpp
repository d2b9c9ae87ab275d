#include "server/health.hpp"

#include "base/clock.hpp"
#include "server/json_response.hpp"
#include "server/problem.hpp"

#include <algorithm>

namespace gibsey::server {

namespace {

/// Seed 001's two: what is not configured is not connected.
Json services_of(const HealthSnapshot& now) {
  Json services{{"ollama", "disconnected"}, {"redis", "disconnected"}};
  for (const auto& dependency : now.dependencies) services[dependency.name] = dependency.connected ? "connected" : "disconnected";
  return services;
}

Json dependencies_of(const HealthSnapshot& now) {
  auto dependencies = Json::object();
  for (const auto& dependency : now.dependencies) {
    Json entry{{"status", dependency.connected ? "healthy" : "unhealthy"}, {"latency_ms", dependency.latency_ms}};
    if (!dependency.detail.empty()) entry["detail"] = dependency.detail;
    dependencies[dependency.name] = entry;
  }
  return dependencies;
}

Json index_of(const retrieval::IndexFiles& files) {
  return {{"bytes", files.bytes}, {"passages_since", files.passages_since}, {"rebuilding", files.rebuilding}};
}

Json nightly_of(const HealthSnapshot::Nightly& nightly) {
  const auto time = [](UnixMillis at) { return at == 0 ? Json() : Json(iso8601(at)); };
  const auto& job = nightly.state.job;
  return {{"schedule", nightly.schedule},     {"time_zone", nightly.time_zone},   {"next", time(nightly.state.next.value_or(0))},
          {"running", nightly.state.running}, {"last_done", time(job.last_done)}, {"last_error", job.last_error},
          {"retry_at", time(job.retry_at)}};
}

bool all_connected(const HealthSnapshot& now) {
  return std::ranges::all_of(now.dependencies, [](const HealthSnapshot::Dependency& dependency) { return dependency.connected; });
}

/// Where the stores lie: a Cassandra is another service, the files are this one's own.
const char* database_of(const HealthSnapshot& now) {
  const bool cassandra = std::ranges::any_of(
      now.dependencies, [](const HealthSnapshot::Dependency& dependency) { return dependency.name == "cassandra"; });
  return cassandra ? "cassandra" : "sqlite";
}

}  // namespace

boost::asio::awaitable<net::HttpResponse> health(const Services& services, RouteRequest&) {
  const auto now = services.health();
  auto worlds = Json::array();
  for (const auto& world : now.worlds) {
    worlds.push_back({{"name", world.name},
                      {"title", world.title},
                      {"pages", world.pages},
                      {"passages", world.passages},
                      {"passages_without_vector", world.without_vector}});
    if (world.files) worlds.back()["index"] = index_of(*world.files);
  }
  const auto counted = co_await services.turn_store.count();
  const char* status = !counted ? "unhealthy" : now.problems.empty() && all_connected(now) ? "healthy" : "degraded";
  Json body = {{"status", status},
               {"service", now.service},
               {"version", now.version},
               {"services", services_of(now)},
               {"dependencies", dependencies_of(now)},
               {"database", {{"type", database_of(now)}, {"status", counted ? "connected" : "disconnected"}}},
               {"websocket_connections", services.sessions.sockets()},
               {"worlds", worlds},
               {"model", {{"provider", now.provider}, {"model", now.model}, {"embedding_model", now.embedding_model}}},
               {"queue", {{"running", now.running}, {"waiting", now.waiting}}},
               {"feed", nullptr},
               {"problems", now.problems},
               {"timestamp", iso8601(unix_millis_now())}};
  if (now.feed) {
    body["feed"] = {{"backend", now.feed->backend}, {"lag_events", now.feed->lag_events}, {"lag_seconds", now.feed->lag_seconds}};
  }
  if (now.nightly) body["nightly"] = nightly_of(*now.nightly);
  co_return json_response(counted ? 200 : 503, body);
}

boost::asio::awaitable<net::HttpResponse> live(const Services&, RouteRequest&) {
  co_return json_response(200, {{"status", "live"}});
}

boost::asio::awaitable<net::HttpResponse> ready(const Services& services, RouteRequest&) {
  if (services.health().ready) co_return json_response(200, {{"status", "ready"}});
  auto response = problem(503, "The server is starting or stopping; try again in a moment.");
  response.headers.add("Retry-After", "1");
  co_return response;
}

boost::asio::awaitable<net::HttpResponse> metrics_text(const Services& services, RouteRequest&) {
  for (const auto& world : services.health().worlds) {
    services.metrics.world(world.name, world.passages, world.without_vector);
    if (world.files)
      services.metrics.index_files(world.name, world.files->bytes, world.files->passages_since, world.files->rebuilding);
  }
  co_return net::HttpResponse{200, {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}}, services.metrics.text()};
}

}  // namespace gibsey::server
