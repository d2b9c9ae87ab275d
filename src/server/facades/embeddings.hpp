#pragma once
#include "server/router.hpp"

namespace gibsey::server {

/// POST /v1/embeddings {model, input, encoding_format? ("float" or "base64"), dimensions?} as OpenAI's clients send it; `input`
/// is a text or a list of up to 512. The model is the embedder's own. Free of charge. 400 for numbers of tokens as input and for
/// other dimensions than the model has, 404 for another model, 503 where texts are not embedded here.
boost::asio::awaitable<net::HttpResponse> openai_embeddings(const Services& services, RouteRequest& request);
/// POST /api/embed {model, input} -> {model, embeddings, ...}, as Ollama's clients send it.
boost::asio::awaitable<net::HttpResponse> ollama_embed(const Services& services, RouteRequest& request);
/// POST /api/embeddings {model, prompt} -> {embedding}: Ollama's older path.
boost::asio::awaitable<net::HttpResponse> ollama_embeddings(const Services& services, RouteRequest& request);

}  // namespace gibsey::server
