#pragma once
#include "server/router.hpp"

namespace gibsey::server {

/// POST /v1/responses as OpenAI's clients send it {model, input, instructions?, stream?, previous_response_id?, temperature?,
/// top_p?, max_output_tokens?, user?}: a character is a model, `input` a text or a list of messages. Whole: a response with
/// `gibsey`; as a stream: response.created, response.in_progress, response.output_item.added, response.content_part.added,
/// response.output_text.delta*, response.output_text.done, response.content_part.done, response.output_item.done, and
/// response.completed, response.incomplete (cut off by the number of tokens) or response.failed. With previous_response_id the
/// turn follows that one in its conversation. Refusals as openai_refusal.
boost::asio::awaitable<void> openai_responses(const Services& services, RouteRequest& request, net::HttpExchange& exchange);

}  // namespace gibsey::server
