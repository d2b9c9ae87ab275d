#include "server/routes.hpp"

#include "server/ask.hpp"
#include "server/characters.hpp"
#include "server/credits.hpp"
#include "server/health.hpp"
#include "server/pages.hpp"
#include "server/problem.hpp"
#include "server/retrieve.hpp"
#include "server/router.hpp"

namespace gibsey::server {
namespace {

boost::asio::awaitable<net::HttpResponse> static_file(const Services& services, RouteRequest& request) {
  std::string path(request.http.path());
  if (!request.parameters.empty()) path = "/assets/" + request.parameters[0];
  auto response = services.page.find(path, request.http);
  if (response.status == 404) co_return problem(404, "There is nothing at this address.");
  co_return response;
}

}  // namespace

std::unique_ptr<net::HttpHandler> make_http_handler(Services services, net::OriginRules rules) {
  std::vector<Route> routes = {
      {"POST", "/ask", ask},
      {"GET", "/characters", list_characters},
      {"GET", "/characters/{char_id}", get_character},
      {"GET", "/pages", list_pages},
      {"GET", "/pages/{id}", get_page},
      {"GET", "/retrieve", retrieve},
      {"POST", "/credit", add_credit},
      {"GET", "/ledger/{user_id}", get_ledger},
      {"GET", "/health", health},
      {"GET", "/live", live},
      {"GET", "/ready", ready},
      {"GET", "/metrics", metrics_text},
      {"GET", "/", static_file},
      {"GET", "/favicon.ico", static_file},
      {"GET", "/favicon.svg", static_file},
      {"GET", "/assets/{rest...}", static_file},
  };
  return std::make_unique<Router>(std::move(services), std::move(rules), std::move(routes));
}

}  // namespace gibsey::server
