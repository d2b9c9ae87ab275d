#pragma once
#include "server/router.hpp"

namespace gibsey::server {

/// GET /retrieve?q=&k=&world=&character=&page=&fresh=&cursor= -> [{quote, world, page_id, label, title, chapter, start, end,
/// score, ...}], best first, quotes verbatim and of fewer than 40 words. X-Gibsey-Above-Threshold says whether the best one is
/// about the question at all; X-Gibsey-Method which signals found it. k 1..50, default 8. fresh and cursor as in freshness.hpp.
boost::asio::awaitable<net::HttpResponse> retrieve(const Services& services, RouteRequest& request);

}  // namespace gibsey::server
