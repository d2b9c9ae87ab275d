#pragma once
#include "server/facades/facade_reply.hpp"

namespace gibsey::server {

/// {error: {message, type, param, code}}; 402 has the code insufficient_quota, and what was needed and is left under `gibsey`.
[[nodiscard]] net::HttpResponse openai_refusal(const net::HttpRequest& request, net::HttpResponse refusal);

/// The error of a turn that failed after its stream had begun.
[[nodiscard]] Json openai_stream_error(const FacadeReply& reply);

/// {prompt_tokens, completion_tokens, total_tokens}.
[[nodiscard]] Json openai_usage(const model::TokenUsage& usage);

}  // namespace gibsey::server
