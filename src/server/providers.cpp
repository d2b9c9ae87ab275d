#include "server/providers.hpp"

#include "server/json_response.hpp"

namespace gibsey::server {

boost::asio::awaitable<net::HttpResponse> list_providers(const Services& services, RouteRequest& request) {
  auto list = Json::array();
  const auto& preferred = services.models.preferred();
  for (const auto& state : services.models.states()) {
    Json entry{{"name", state.name},
               {"model", state.model},
               {"status", state.status},
               {"preferred", state.name == preferred.provider() && state.model == preferred.model()},
               {"context_tokens", state.context_tokens},
               {"choices", state.choices},
               {"failures", state.failures},
               {"replies", state.replies},
               {"first_token_ms", state.first_token_ms}};
    // It may name an address inside the house.
    const bool insider = request.principal.open || request.principal.admin;
    if (insider && !state.last_error.empty()) entry["last_error"] = state.last_error;
    list.push_back(std::move(entry));
  }
  co_return json_response(200, {{"providers", std::move(list)}});
}

}  // namespace gibsey::server
