#pragma once
#include "server/router.hpp"

namespace gibsey::server {

/// GET /v1/feed/pages?after=: every durable change of a page as an event `page_change`, in order per page and at least once, from
/// the first that is kept, behind the position `after` ("end": from now on) or behind Last-Event-ID. Ids are positions of the
/// feed.
boost::asio::awaitable<void> follow_pages(const Services& services, RouteRequest& request, net::HttpExchange& exchange);

}  // namespace gibsey::server
