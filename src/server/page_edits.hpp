#pragma once
#include "server/router.hpp"

#include <cstddef>

/// Pages written over the wire (contracts section 6). Every write answers when it is durable and, where that takes less than a
/// second, searchable by text; X-Gibsey-Cursor is the cursor of freshness.hpp. `version` in the body, or If-Match, is the version
/// that the writer saw: 409 when the page has another.
namespace gibsey::server {

/// Bytes of a page's body: a source of four times ingest::kLongestPage characters, and JSON's escapes. The text itself has
/// kLongestPage.
inline constexpr std::size_t kPageBodyLimit = 8 * 1024 * 1024;

/// POST /pages?world= {id?, text | source, title?, chapter?, label?, voice?, world?} -> 201, the page; 409 for an id that is or
/// was another page's.
boost::asio::awaitable<net::HttpResponse> create_page(const Services& services, RouteRequest& request);
/// PUT /pages/{id}?world= {text?, source?, title?, chapter?, label?, voice?, version?, world?} -> 200, or 201 where there was
/// none: the page as it is now. What is absent stays; the same content is no new version.
boost::asio::awaitable<net::HttpResponse> put_page(const Services& services, RouteRequest& request);
/// DELETE /pages/{id}?world=&version= -> 204; its old versions stay readable.
boost::asio::awaitable<net::HttpResponse> delete_page(const Services& services, RouteRequest& request);

}  // namespace gibsey::server
