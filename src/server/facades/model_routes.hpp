#pragma once
#include "server/router.hpp"

namespace gibsey::server {

/// In Anthropic's words to a request with `anthropic-version`, else in OpenAI's: both have these paths.
[[nodiscard]] net::HttpResponse models_refusal(const net::HttpRequest& request, net::HttpResponse refusal);

/// GET /v1/models: every character as a model, in OpenAI's shape; in Anthropic's for a request with `anthropic-version`.
boost::asio::awaitable<net::HttpResponse> list_all_models(const Services& services, RouteRequest& request);
/// GET /v1/models/{id}, where the id may hold a slash; also the model of embeddings. 404 in the client's words.
boost::asio::awaitable<net::HttpResponse> get_model(const Services& services, RouteRequest& request);

}  // namespace gibsey::server
