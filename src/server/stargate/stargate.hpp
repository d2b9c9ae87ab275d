#pragma once
#include "server/router.hpp"

/// The store as Stargate's REST API v2 shows it: /v2/keyspaces/gibsey/{table} with X-Cassandra-Token, for `pages`, `characters`,
/// `page_vectors`, `ledger` and `summaries` (the last two can only be read). Shapes and errors: docs/stargate.md.
namespace gibsey::server::stargate {

/// POST /v1/auth {username, password} -> 201 {authToken}; 400, 401. Where auth is on the password is an API key of the user's, or
/// the service token of whatever user.
boost::asio::awaitable<net::HttpResponse> create_token(const Services& services, RouteRequest& request);
/// POST /v1/auth/token/generate {key, secret}: the same.
boost::asio::awaitable<net::HttpResponse> generate_token(const Services& services, RouteRequest& request);

/// GET /v2/keyspaces/gibsey/{table}?where=
boost::asio::awaitable<net::HttpResponse> search_rows(const Services& services, RouteRequest& request);
/// GET /v2/keyspaces/gibsey/{table}/rows
boost::asio::awaitable<net::HttpResponse> list_rows(const Services& services, RouteRequest& request);
/// GET /v2/keyspaces/gibsey/{table}/{key...}
boost::asio::awaitable<net::HttpResponse> get_rows(const Services& services, RouteRequest& request);
/// POST /v2/keyspaces/gibsey/{table}
boost::asio::awaitable<net::HttpResponse> add_row(const Services& services, RouteRequest& request);
/// PUT and PATCH /v2/keyspaces/gibsey/{table}/{key...}
boost::asio::awaitable<net::HttpResponse> put_row(const Services& services, RouteRequest& request);
/// DELETE /v2/keyspaces/gibsey/{table}/{key...}
boost::asio::awaitable<net::HttpResponse> delete_row(const Services& services, RouteRequest& request);

/// Refusals in Stargate's form: {description, code, grpcStatus, internalTxId}.
[[nodiscard]] net::HttpResponse refusal(const net::HttpRequest& request, net::HttpResponse answer);

}  // namespace gibsey::server::stargate
