#pragma once
#include "server/json_response.hpp"
#include "server/router.hpp"

namespace gibsey::server {

/// GET /pages/{id}?world=&version= -> {id, world, label, title, chapter, text, version, voice, next, previous}; next and previous
/// are page ids or null, both null for a page that was removed, of which an old version is asked. "42" and "042" are the same
/// page. 404.
boost::asio::awaitable<net::HttpResponse> get_page(const Services& services, RouteRequest& request);
/// GET /pages?world=&after=&limit= -> {world, pages: [...], next}: pages in the book's order; `next` is the value of `after` for
/// the next part, null at the end. limit 1..500, default 50.
boost::asio::awaitable<net::HttpResponse> list_pages(const Services& services, RouteRequest& request);

/// A page as answers have it.
[[nodiscard]] Json page_json(const model::Page& page);

/// Its version as ETag and If-Match have it.
[[nodiscard]] std::string version_tag(std::int64_t version);

/// The page of that id, else of the same number written with other leading zeros.
boost::asio::awaitable<Result<std::optional<model::Page>>> find_page(store::PageStore& pages, std::string world, std::string id);
/// `id` as a world spells it: that of the page that find_page finds; else a number gets as many digits as the first page has.
boost::asio::awaitable<Result<std::string>> spelled_id(store::PageStore& pages, std::string world, std::string id);

}  // namespace gibsey::server
