#pragma once
#include "server/router.hpp"

namespace gibsey::server {

/// POST /v1/chat/completions as OpenAI's clients send it {model, messages, stream?, stream_options?, temperature?, top_p?,
/// max_tokens?, max_completion_tokens?, stop?, user?}: a character is a model. Whole: a chat.completion whose message has
/// `gibsey`; as a stream: chunks, the last one with a choice has `gibsey`, then `[DONE]`; a turn that fails after the stream has
/// begun ends it with {error}. Refusals as openai_refusal: 400 for what is not here (tools, images, n > 1, JSON answers,
/// logprobs), 402, 404, 409, 413, 422, 429, 503.
boost::asio::awaitable<void> openai_chat(const Services& services, RouteRequest& request, net::HttpExchange& exchange);

}  // namespace gibsey::server
