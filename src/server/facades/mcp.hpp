#pragma once
#include "server/router.hpp"

namespace gibsey::server {

/// A refusal as a JSON-RPC error without an id.
[[nodiscard]] net::HttpResponse mcp_refusal(const net::HttpRequest& request, net::HttpResponse refusal);

/// POST /mcp: the Model Context Protocol over streamable HTTP, versions 2025-06-18 and 2025-03-26, without sessions. One JSON-RPC
/// message: a request is answered with JSON, or, for ask_character with a progressToken, with an event stream of
/// notifications/progress (each with a piece of the reply) and the result; a notification or response gets 202. Methods:
/// initialize, ping, tools/list, tools/call (search_book, quote_page, verify_quote, ask_character). 400 for what is no JSON-RPC
/// and for a version that is not spoken; an unknown method is -32601, wrong parameters -32602, what a tool cannot do a result
/// with isError. GET is 405: the server has nothing to say unasked.
boost::asio::awaitable<void> mcp(const Services& services, RouteRequest& request, net::HttpExchange& exchange);

}  // namespace gibsey::server
