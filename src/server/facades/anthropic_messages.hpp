#pragma once
#include "server/router.hpp"

namespace gibsey::server {

/// {type: "error", error: {type, message}}; 402 has what was needed and is left under `gibsey`.
[[nodiscard]] net::HttpResponse anthropic_refusal(const net::HttpRequest& request, net::HttpResponse refusal);

/// POST /v1/messages as Anthropic's clients send it {model, max_tokens, messages, system?, stream?, temperature?, top_p?,
/// stop_sequences?, metadata?.user_id}: a character is a model. Whole: a message with `gibsey`; as a stream: message_start,
/// content_block_start, content_block_delta*, content_block_stop, message_delta with `gibsey`, message_stop, or error. The number
/// of input tokens is known at the end alone, in message_delta. Refusals as anthropic_refusal.
boost::asio::awaitable<void> anthropic_messages(const Services& services, RouteRequest& request, net::HttpExchange& exchange);

/// POST /v1/messages/count_tokens -> {input_tokens}: of what the client sends, by the model that would answer; the character's
/// own words and the lines of the book come on top.
boost::asio::awaitable<net::HttpResponse> anthropic_count_tokens(const Services& services, RouteRequest& request);

}  // namespace gibsey::server
