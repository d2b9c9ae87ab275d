#pragma once
#include "server/router.hpp"

namespace gibsey::server {

/// {error}: as Ollama says it; 402 has what was needed and is left under `gibsey`.
[[nodiscard]] net::HttpResponse ollama_refusal(const net::HttpRequest& request, net::HttpResponse refusal);

/// POST /api/chat {model, messages, stream? = true, options?: {temperature, top_p, num_predict, stop}} -> lines of JSON, the last
/// one with done, the counts, the durations in ns and `gibsey`; or that line alone with the whole text. No messages: the model is
/// "loaded", which it always is. A turn that fails after the stream has begun ends it with {error}. Refusals as ollama_refusal.
boost::asio::awaitable<void> ollama_chat(const Services& services, RouteRequest& request, net::HttpExchange& exchange);

/// POST /api/generate {model, prompt, system?, stream?, options?}: the same with `response` in place of `message`. `raw`,
/// `template` and `context` do not count.
boost::asio::awaitable<void> ollama_generate(const Services& services, RouteRequest& request, net::HttpExchange& exchange);

}  // namespace gibsey::server
