#pragma once
#include "server/json_response.hpp"
#include "server/request_fields.hpp"
#include "server/router.hpp"

#include <boost/asio/awaitable.hpp>

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace gibsey::server {

/// The reader who asks: the body's `user_id` where the sender may act as that one, the sender itself where the body names nobody.
/// 422 when neither is known, 403 for somebody else.
[[nodiscard]] Field<std::string> asking_user(const RouteRequest& request, const Json& body);

/// The request's Idempotency-Key with a hash of its body, for a route; nullopt without one. 422 for a key that is empty or longer
/// than 200 characters.
[[nodiscard]] Field<std::optional<chat::IdempotencyKey>> idempotency_key(const net::HttpRequest& request, std::string_view route);

/// The body's `personality_weight`, 0 where it has none; 422 for what is not a number from 0 to 1.
[[nodiscard]] Field<double> personality_weight(const Json& body);

using Started = std::expected<std::shared_ptr<chat::RunningTurn>, net::HttpResponse>;

/// A turn that goes, or the answer that says why not: 402 with its body of old, 429 with Retry-After, or a problem.
[[nodiscard]] Started started_or_refusal(Result<chat::StartOutcome> outcome);

/// Whose turns, conversations and sessions the principal may see; nullopt: everybody's.
[[nodiscard]] std::optional<std::string> visible_owner(const Principal& principal);

}  // namespace gibsey::server
