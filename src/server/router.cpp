#include "server/router.hpp"

#include "base/log.hpp"
#include "server/auth/authenticator.hpp"
#include "server/auth/redact.hpp"
#include "server/problem.hpp"

#include <chrono>
#include <utility>

namespace gibsey::server {
namespace {

constexpr std::string_view kRest = "{rest...}";
constexpr const char* kExposed =
    "Retry-After, ETag, X-Gibsey-Turn, X-Gibsey-Above-Threshold, X-Gibsey-Method, "
    "X-Gibsey-Missing-Shards, X-Gibsey-Cursor";

std::string route_method(const net::HttpRequest& request) {
  return request.method == "HEAD" ? "GET" : request.method;
}

bool is_parameter(std::string_view segment) {
  return segment.starts_with('{');
}

/// The parameters, when the path has the pattern's form.
std::optional<std::vector<std::string>> fit(const std::vector<std::string>& pattern, const std::vector<std::string>& path) {
  const bool open_end = !pattern.empty() && pattern.back() == kRest;
  if (open_end ? path.size() < pattern.size() : path.size() != pattern.size()) return std::nullopt;
  std::vector<std::string> parameters;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == kRest) {
      std::string rest = path[i];
      for (auto j = i + 1; j < path.size(); ++j) rest += "/" + path[j];
      parameters.push_back(std::move(rest));
    } else if (is_parameter(pattern[i])) {
      parameters.push_back(path[i]);
    } else if (pattern[i] != path[i]) {
      return std::nullopt;
    }
  }
  return parameters;
}

}  // namespace

std::optional<std::string> RouteRequest::find(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return value;
  }
  return std::nullopt;
}

Router::Router(Services services, net::OriginRules rules, std::vector<Route> routes)
    : services_(std::move(services)), origins_(std::move(rules)) {
  for (auto& route : routes) {
    // Patterns are ours and hold no escapes.
    auto segments = *net::parse_path(route.pattern);
    routes_.push_back({std::move(route), std::move(segments)});
  }
}

Router::Match Router::match(std::string_view method, const std::vector<std::string>& path) const {
  Match match;
  for (const auto& [route, segments] : routes_) {
    auto parameters = fit(segments, path);
    if (!parameters) continue;
    if (route.method == method) return {&route, *std::move(parameters), {}};
    match.allow += (match.allow.empty() ? "" : ", ") + route.method + (route.method == "GET" ? ", HEAD" : "");
  }
  if (!match.allow.empty()) match.allow += ", OPTIONS";
  return match;
}

std::optional<net::HttpResponse> Router::refuse(const net::HttpRequest& head, const net::OriginVerdict& verdict,
                                                Match& match) const {
  if (!verdict.allowed) return problem(403, verdict.refusal);
  const auto path = net::parse_path(head.path());
  if (!path) return problem(400, path.error().message);
  if (const auto query = net::parse_query(head.query()); !query) return problem(400, query.error().message);
  match = this->match(route_method(head), *path);
  if (match.route != nullptr) return std::nullopt;
  if (match.allow.empty()) return problem(404, "There is nothing at this address.");
  if (head.method == "OPTIONS") {
    net::HttpResponse answer{204, {{"Allow", match.allow}}, {}};
    if (!verdict.origin.empty()) net::add_preflight(answer.headers, head, match.allow);
    return answer;
  }
  auto answer = problem(405, "This address knows the methods " + match.allow + ".");
  answer.headers.add("Allow", match.allow);
  return answer;
}

std::optional<net::HttpResponse> Router::refuse_sender(const Route& route, RouteRequest& request) const {
  if (route.access == Access::open) return std::nullopt;
  const std::string resource = route.link == nullptr ? "" : route.link(request);
  auto principal = services_.auth.identify(request.http, request.query, resource);
  if (!principal) return std::move(principal).error();
  request.principal = *std::move(principal);
  return route.access == Access::admin ? refuse_unless_admin(request.principal) : std::nullopt;
}

net::Admission Router::admit(const net::HttpRequest& head) {
  const auto verdict = origins_.check(head);
  Match match;
  auto refused = refuse(head, verdict, match);
  if (!refused) return {match.route->body_limit, std::nullopt};
  net::add_cors(refused->headers, verdict.origin, kExposed);
  log::info("{} {} {}", head.method, loggable_target(head.path()), refused->status);
  services_.metrics.request(refused->status == 204 ? "preflight" : "refused", refused->status, 0);
  return {0, std::move(refused)};
}

boost::asio::awaitable<void> Router::answer(net::HttpRequest request, net::HttpExchange& exchange) {
  const auto begin = std::chrono::steady_clock::now();
  net::HttpHeaders cors;
  net::add_cors(cors, origins_.check(request).origin, kExposed);
  for (const auto& [name, value] : cors.fields()) exchange.add_header(name, value);
  exchange.add_header("X-Content-Type-Options", "nosniff");

  // admit() has looked at all of these already.
  auto found = match(route_method(request), *net::parse_path(request.path()));
  RouteRequest routed{.http = std::move(request), .parameters = std::move(found.parameters)};
  routed.query = *net::parse_query(routed.http.query());
  const auto record = [&](int status) {
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    log::info("{} {} {} {:.1f} ms{}{}", routed.http.method, loggable_target(routed.http.path()), status, took.count() * 1000,
              routed.turn_id.empty() ? "" : " turn ", routed.turn_id);
    services_.metrics.request(found.route->pattern, status, took.count());
  };
  // Before it is sent: whoever holds an answer finds it counted.
  const auto send = [&](net::HttpResponse response) {
    record(response.status);
    return exchange.send(std::move(response));
  };
  if (auto refused = refuse_sender(*found.route, routed)) {
    const auto reword = found.route->reword;
    co_await send(reword == nullptr ? *std::move(refused) : reword(routed.http, *std::move(refused)));
  } else if (const auto* answering = std::get_if<Answer>(&found.route->action)) {
    auto response = co_await (*answering)(services_, routed);
    if (!response.headers.find("Cache-Control")) response.headers.add("Cache-Control", "no-store");
    co_await send(std::move(response));
  } else {
    co_await std::get<Stream>(found.route->action)(services_, routed, exchange);
    record(exchange.status());
  }
}

net::HttpResponse Router::refusal(const net::HttpRequest& head, int status, std::string_view detail) {
  log::info("{} {} {}: {}", head.method.empty() ? "-" : head.method, loggable_target(head.path()), status, detail);
  services_.metrics.request("refused", status, 0);
  auto answer = problem(status, detail);
  if (status == 503) answer.headers.add("Retry-After", "1");
  const auto path = net::parse_path(head.path());
  const auto found = path ? match(route_method(head), *path) : Match();
  if (found.route != nullptr && found.route->reword != nullptr) answer = found.route->reword(head, std::move(answer));
  if (const auto verdict = origins_.check(head); verdict.allowed) net::add_cors(answer.headers, verdict.origin, kExposed);
  return answer;
}

}  // namespace gibsey::server
