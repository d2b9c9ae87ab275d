#include "server/problem.hpp"

#include "base/log.hpp"
#include "server/json_response.hpp"

namespace gibsey::server {

net::HttpResponse problem(int status, std::string_view detail, std::string_view field) {
  Json body{{"type", "about:blank"}, {"title", net::reason_phrase(status)}, {"status", status}, {"detail", detail}};
  if (!field.empty()) body["field"] = field;
  auto response = json_response(status, body);
  response.headers = {{"Content-Type", "application/problem+json"}};
  return response;
}

int http_status(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_argument: return 422;
    case ErrorCode::not_found: return 404;
    case ErrorCode::conflict: return 409;
    case ErrorCode::forbidden: return 403;
    case ErrorCode::too_large: return 413;
    case ErrorCode::busy: return 429;
    case ErrorCode::deadline: return 504;
    case ErrorCode::unavailable: return 503;
    case ErrorCode::cancelled:
    case ErrorCode::corrupt:
    case ErrorCode::internal: return 500;
  }
  return 500;
}

net::HttpResponse problem(const Error& error) {
  const int status = http_status(error.code);
  if (status == 500) {
    log::error("{}: {}", to_string(error.code), error.message);
    return problem(status, "Something went wrong in the server; its log tells what.");
  }
  if (status == 503) log::warn("unavailable: {}", error.message);
  auto response = problem(status, error.message);
  if (status == 429 || status == 503) response.headers.add("Retry-After", "1");
  return response;
}

}  // namespace gibsey::server
