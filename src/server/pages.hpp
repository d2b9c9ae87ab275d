#pragma once
#include "server/router.hpp"

namespace gibsey::server {

/// GET /pages/{id}?world=&version= -> {id, world, label, title, chapter, text, version, voice, next, previous}; next and previous
/// are page ids or null. "42" and "042" are the same page. 404.
boost::asio::awaitable<net::HttpResponse> get_page(const Services& services, RouteRequest& request);
/// GET /pages?world=&after=&limit= -> {world, pages: [...], next}: pages in the book's order; `next` is the value of `after` for
/// the next part, null at the end. limit 1..500, default 50.
boost::asio::awaitable<net::HttpResponse> list_pages(const Services& services, RouteRequest& request);

/// The page of that id, else of the same number written with other leading zeros.
boost::asio::awaitable<Result<std::optional<model::Page>>> find_page(store::PageStore& pages, std::string world, std::string id);

}  // namespace gibsey::server
