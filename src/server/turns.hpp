#pragma once
#include "server/router.hpp"

namespace gibsey::server {

/// POST /v1/turns {world?, character_id?, user_id, conversation_id?, parent_id?, text, personality_weight?, page_id?, provider?,
/// model?, max_tokens?} -> 201 {turn_id, conversation_id, parent_id, events_url, hold} (contracts section 1). `parent_id` is a
/// turn of that conversation to be followed instead of its newest, "" its beginning: an edited question is a branch. 400, 402,
/// 404, 409, 413, 422, 429, 503.
boost::asio::awaitable<net::HttpResponse> create_turn(const Services& services, RouteRequest& request);
/// GET /v1/turns/{id}: the whole record.
boost::asio::awaitable<net::HttpResponse> get_turn(const Services& services, RouteRequest& request);
/// GET /v1/turns/{id}/events: an event stream that replays the turn and follows it. `Last-Event-ID` (or ?last_event_id=) resumes
/// after that event; 204 when it is the last one.
boost::asio::awaitable<void> follow_turn(const Services& services, RouteRequest& request, net::HttpExchange& exchange);
/// POST /v1/turns/{id}/stop -> 202 {turn_id, status}; a turn that has ended stays as it is.
boost::asio::awaitable<net::HttpResponse> stop_turn(const Services& services, RouteRequest& request);
/// POST /v1/turns/{id}/regenerate -> 201 as create_turn: a sibling.
boost::asio::awaitable<net::HttpResponse> regenerate_turn(const Services& services, RouteRequest& request);

/// GET /v1/conversations?user_id=&after=&limit= -> {conversations, next}, newest first.
boost::asio::awaitable<net::HttpResponse> list_conversations(const Services& services, RouteRequest& request);
/// GET /v1/conversations/{id} -> the conversation with its turns; DELETE -> 204, 409 while one of its turns runs. What a shared
/// history window holds of it goes too.
boost::asio::awaitable<net::HttpResponse> get_conversation(const Services& services, RouteRequest& request);
boost::asio::awaitable<net::HttpResponse> delete_conversation(const Services& services, RouteRequest& request);

}  // namespace gibsey::server
