#pragma once
#include "server/router.hpp"
#include "server/services.hpp"

#include <boost/asio/awaitable.hpp>

namespace gibsey::server {

/// GET /v1/providers: the models that may answer, in their order, with what is known of each and why it was chosen how often.
boost::asio::awaitable<net::HttpResponse> list_providers(const Services& services, RouteRequest& request);

}  // namespace gibsey::server
