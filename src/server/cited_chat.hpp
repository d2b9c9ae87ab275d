#pragma once
#include "server/router.hpp"

namespace gibsey::server {

/// POST /api/v1/chat {query, creator?, conversation_id?, personality_weight?, user_id?, world?} -> an event stream `sources`,
/// `token`*, `done` or `error` (contracts section 4). Searched is the world "chrysopedia" where it is loaded and no other is
/// named, else the first one.
boost::asio::awaitable<void> cited_chat(const Services& services, RouteRequest& request, net::HttpExchange& exchange);

/// GET /v1/usage?before=&limit= (admin) -> {rows, next}: the usage log, newest first.
boost::asio::awaitable<net::HttpResponse> list_usage(const Services& services, RouteRequest& request);

}  // namespace gibsey::server
