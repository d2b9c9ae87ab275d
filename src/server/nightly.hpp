#pragma once
#include "server/json_response.hpp"
#include "server/router.hpp"

namespace gibsey::server {

/// POST /v1/jobs/nightly/run {world?, force?} -> 202 {run_id, status}; 409 naming the run that is under way. The run goes on by
/// itself.
boost::asio::awaitable<net::HttpResponse> start_nightly_run(const Services& services, RouteRequest& request);
/// GET /v1/jobs/nightly/runs?limit= -> {runs}, newest first.
boost::asio::awaitable<net::HttpResponse> list_nightly_runs(const Services& services, RouteRequest& request);
boost::asio::awaitable<net::HttpResponse> get_nightly_run(const Services& services, RouteRequest& request);

}  // namespace gibsey::server
