#pragma once
#include "server/router.hpp"

namespace gibsey::server {

/// GET /characters?world= -> all characters of the world, or of every world in their order; the narrator of the named (or first) world comes last,
/// with char_id "".
boost::asio::awaitable<net::HttpResponse> list_characters(const Services& services, RouteRequest& request);
/// GET /characters/{char_id}?world=; 404 "char not found".
boost::asio::awaitable<net::HttpResponse> get_character(const Services& services, RouteRequest& request);

}  // namespace gibsey::server
