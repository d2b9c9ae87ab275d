#pragma once
#include "server/router.hpp"

namespace gibsey::server {

/// GET /ws/chat as a WebSocket (contracts section 3): {message, character_id?, user_id?, preferences?} in; status, token,
/// complete and error out. A second message while one streams is queued (at most 8) and answered in order; {type:"stop"}
/// interrupts the reply.
boost::asio::awaitable<void> persona_socket(const Services& services, RouteRequest& request, net::HttpExchange& exchange);

/// POST /api/sentiment {text} -> {compound, positive, negative, neutral}
boost::asio::awaitable<net::HttpResponse> score_sentiment(const Services& services, RouteRequest& request);

}  // namespace gibsey::server
