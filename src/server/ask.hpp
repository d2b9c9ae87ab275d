#pragma once
#include "server/router.hpp"

namespace gibsey::server {

/// POST /ask {user_id, char_id?, text, world?, conversation_id?, page_id?, max_tokens?} -> 200 event stream (contracts section
/// 2): tokens are unnamed events, so that a page's `onmessage` concatenates them; turn, sources, quote, ledger, done and error
/// are named. Before the stream: 400, 402, 404, 413, 422, 429, 503. A client that leaves does not stop the turn.
boost::asio::awaitable<void> ask(const Services& services, RouteRequest& request, net::HttpExchange& exchange);

}  // namespace gibsey::server
