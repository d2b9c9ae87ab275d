#pragma once
#include "server/router.hpp"

namespace gibsey::server {

/// POST /debit {user_id, cost} -> 200 {user_id, balance, entry_id} or 402 {needed, available}. With an Idempotency-Key the same
/// debit is taken once; 409 for the same key with another cost.
boost::asio::awaitable<net::HttpResponse> debit(const Services& services, RouteRequest& request);
/// POST /credit {user_id, amount, ref?, reason?} -> 200 {user_id, balance, entry_id}; for admins and services. `ref` names the
/// entry (or the debit's key) that is given back: once, and no more than it took (409); 404 when there is none.
boost::asio::awaitable<net::HttpResponse> add_credit(const Services& services, RouteRequest& request);
/// GET /ledger/{user_id}?limit= -> {user_id, balance, known, entries: [...]}, newest first. An unknown user's balance is 0, with
/// the `opening_grant` that the first question will bring.
boost::asio::awaitable<net::HttpResponse> get_ledger(const Services& services, RouteRequest& request);

}  // namespace gibsey::server
