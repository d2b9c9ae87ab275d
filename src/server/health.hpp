#pragma once
#include "server/router.hpp"

namespace gibsey::server {

/// GET /health -> {status: "healthy" | "degraded", service, version, worlds, model, queue, problems, timestamp}.
boost::asio::awaitable<net::HttpResponse> health(const Services& services, RouteRequest& request);
/// GET /live: 200 while the process answers at all. GET /ready: 503 while it starts or drains.
boost::asio::awaitable<net::HttpResponse> live(const Services& services, RouteRequest& request);
boost::asio::awaitable<net::HttpResponse> ready(const Services& services, RouteRequest& request);
/// GET /metrics in Prometheus' text format.
boost::asio::awaitable<net::HttpResponse> metrics_text(const Services& services, RouteRequest& request);

}  // namespace gibsey::server
