#pragma once
#include "server/router.hpp"
#include "store/page_store.hpp"

#include <string>

namespace gibsey::server {

/// GET /ws/{session_id}?user_id= as a WebSocket (contracts section 5): connection_established; ai_chat_request, ai_chat_stop,
/// ping, page_navigation, prompt_selection in; ai_response_stream, pong, vault_update, prompt_selected, page_update,
/// cluster_event, error out. All sockets of a session receive its stream. 404 for a session that is another reader's.
boost::asio::awaitable<void> session_socket(const Services& services, RouteRequest& request, net::HttpExchange& exchange);

/// What every session's sockets are told when a page has changed: {type: "page_update", data: {world, page_id, version, removed,
/// timestamp}}.
[[nodiscard]] std::string page_update_message(const store::PageChange& change);

/// GET /v1/sessions -> {sessions: [{session_id, user_id, sockets, running, page_index, connected_at, last_activity}]}
boost::asio::awaitable<net::HttpResponse> list_sessions(const Services& services, RouteRequest& request);

/// POST /v1/cluster-events {event_type, event_data?} -> 202: sends a cluster_event to every session (operators).
boost::asio::awaitable<net::HttpResponse> send_cluster_event(const Services& services, RouteRequest& request);

}  // namespace gibsey::server
