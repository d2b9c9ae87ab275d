#pragma once
#include "server/router.hpp"

namespace gibsey::server {

/// POST /credit {user_id, amount, ref?} -> 200 {user_id, balance, entry_id}.
boost::asio::awaitable<net::HttpResponse> add_credit(const Services& services, RouteRequest& request);
/// GET /ledger/{user_id}?limit= -> {user_id, balance, known, entries: [...]}, newest first. An unknown user's balance is 0, with the
/// `opening_grant` that the first question will bring.
boost::asio::awaitable<net::HttpResponse> get_ledger(const Services& services, RouteRequest& request);

}  // namespace gibsey::server
