#pragma once
#include "server/router.hpp"

namespace gibsey::server {

/// The Memory service of seed 001, as its clients call it.
/// POST /retrieve-context {message, user_id, character_id, max_facts?=10, max_snippets?=5} -> {context, relevant_facts,
/// conversation_snippets}
boost::asio::awaitable<net::HttpResponse> retrieve_context(const Services& services, RouteRequest& request);
/// POST /memory/facts {user_id, character_id, fact or (fact_key, fact_value)} -> 201 {fact_id, ...}
boost::asio::awaitable<net::HttpResponse> add_fact(const Services& services, RouteRequest& request);
/// GET /memory/facts/{user_id}/{character_id}?limit= -> {facts: [...]}
boost::asio::awaitable<net::HttpResponse> list_facts(const Services& services, RouteRequest& request);

}  // namespace gibsey::server
