#include "server/facades/openai_words.hpp"

#include "server/turn_json.hpp"

namespace gibsey::server {
namespace {

const char* type_of(int status) {
  switch (status) {
    case 401: return "authentication_error";
    case 402: return "insufficient_quota";
    case 403: return "permission_error";
    case 429: return "rate_limit_error";
    default: return status >= 500 ? "server_error" : "invalid_request_error";
  }
}

Json code_of(int status, const std::string& field) {
  switch (status) {
    case 400: return field.empty() ? Json("invalid_json") : Json("unsupported_parameter");
    case 401: return "invalid_api_key";
    case 402: return "insufficient_quota";
    case 404: return field == "model" ? Json("model_not_found") : Json("not_found");
    case 429: return "rate_limit_exceeded";
    default: return nullptr;
  }
}

}  // namespace

net::HttpResponse openai_refusal(const net::HttpRequest&, net::HttpResponse refusal) {
  auto refused = read_refusal(refusal);
  Json body{{"error",
             {{"message", refused.sentence},
              {"type", type_of(refusal.status)},
              {"param", refused.field.empty() ? Json(nullptr) : Json(refused.field)},
              {"code", code_of(refusal.status, refused.field)}}}};
  if (!refused.gibsey.empty()) body["error"]["gibsey"] = std::move(refused.gibsey);
  return with_body(std::move(refusal), body);
}

Json openai_stream_error(const FacadeReply& reply) {
  const auto& failed = reply.failed;
  return {{"error",
           {{"message", failed ? failed->message : kBegunAnew},
            {"type", "server_error"},
            {"param", nullptr},
            {"code", failed ? failed->code : "replaced"},
            {"gibsey", {{"turn_id", reply.turn_id}, {"receipt", reply.receipt ? to_json(*reply.receipt) : Json(nullptr)}}}}}};
}

Json openai_usage(const model::TokenUsage& usage) {
  return {{"prompt_tokens", usage.prompt_tokens},
          {"completion_tokens", usage.completion_tokens},
          {"total_tokens", usage.prompt_tokens + usage.completion_tokens}};
}

}  // namespace gibsey::server
