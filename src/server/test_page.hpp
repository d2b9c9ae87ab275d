#pragma once
#include "server/router.hpp"

namespace gibsey::server {

/// GET /test: a page that talks over /ws/{session_id}, for trying a server by hand (seed 003).
boost::asio::awaitable<net::HttpResponse> test_page(const Services& services, RouteRequest& request);
/// GET /test-llm-debug: has the model say a few words -> {status: "success" or "error", available_providers, test_response,
/// token_count, timings}; 200 either way.
boost::asio::awaitable<net::HttpResponse> test_model(const Services& services, RouteRequest& request);

}  // namespace gibsey::server
