#include "server/turn_start.hpp"

#include "server/auth/digest.hpp"
#include "server/json_response.hpp"
#include "server/problem.hpp"

#include <fmt/format.h>

namespace gibsey::server {
namespace {

constexpr TextRule kIdempotencyKey{1, 200, false};

net::HttpResponse refused(const chat::CreditsRefused& refusal) {
  return json_response(402, {{"needed", refusal.needed}, {"available", refusal.available}});
}

net::HttpResponse refused(const chat::Busy& busy) {
  auto response = problem(429, fmt::format("Too many questions are waiting for the model; ask again in {} second{}.",
                                           busy.wait_seconds, busy.wait_seconds == 1 ? "" : "s"));
  response.headers.add("Retry-After", std::to_string(busy.wait_seconds));
  return response;
}

}  // namespace

Field<std::string> asking_user(const RouteRequest& request, const Json& body) {
  if (request.principal.open) return required_text(body, "user_id", kUserId);
  GIBSEY_TRY(const auto wanted, optional_text(body, "user_id", kUserId));
  return authorize_user(request.principal, wanted);
}

Field<std::optional<chat::IdempotencyKey>> idempotency_key(const net::HttpRequest& request, std::string_view route) {
  const auto given = request.headers.find("Idempotency-Key");
  if (!given) return std::nullopt;
  GIBSEY_TRY(auto key, checked_text(std::string(*given), "Idempotency-Key", kIdempotencyKey));
  return chat::IdempotencyKey{.route = std::string(route), .key = std::move(key), .body_hash = to_hex(sha256(request.body))};
}

Field<double> personality_weight(const Json& object) {
  const auto at = object.find("personality_weight");
  if (at == object.end() || at->is_null()) return 0.0;
  const double weight = at->is_number() ? at->get<double>() : -1;
  if (weight >= 0 && weight <= 1) return weight;
  return std::unexpected(problem(422, "The field 'personality_weight' must be a number from 0 to 1.", "personality_weight"));
}

Started started_or_refusal(Result<chat::StartOutcome> outcome) {
  if (!outcome) return std::unexpected(problem(outcome.error()));
  if (const auto* credits = std::get_if<chat::CreditsRefused>(&*outcome)) return std::unexpected(refused(*credits));
  if (const auto* busy = std::get_if<chat::Busy>(&*outcome)) return std::unexpected(refused(*busy));
  return std::get<std::shared_ptr<chat::RunningTurn>>(*std::move(outcome));
}

std::optional<std::string> visible_owner(const Principal& principal) {
  if (principal.open || principal.admin || principal.service) return std::nullopt;
  return principal.user_id;
}

}  // namespace gibsey::server
