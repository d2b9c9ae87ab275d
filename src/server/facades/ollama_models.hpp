#pragma once
#include "server/router.hpp"

namespace gibsey::server {

/// GET /api/tags -> {models}: every character as a model of Ollama's.
boost::asio::awaitable<net::HttpResponse> ollama_tags(const Services& services, RouteRequest& request);
/// GET /api/ps -> {models}: the same, for none has to be loaded.
boost::asio::awaitable<net::HttpResponse> ollama_ps(const Services& services, RouteRequest& request);
/// POST /api/show {model} (or {name}) -> the character's persona and what it can do. 404, 422.
boost::asio::awaitable<net::HttpResponse> ollama_show(const Services& services, RouteRequest& request);
/// GET /api/version -> {version}: this program's.
boost::asio::awaitable<net::HttpResponse> ollama_version(const Services& services, RouteRequest& request);

}  // namespace gibsey::server
