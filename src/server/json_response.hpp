#pragma once
#include "net/http_message.hpp"

#include <nlohmann/json.hpp>

#include <string>

namespace gibsey::server {

/// Keeps its fields in the order in which they were given, so that answers read well.
using Json = nlohmann::ordered_json;

/// UTF-8; bytes that are not become U+FFFD instead of an exception.
[[nodiscard]] inline std::string dump(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

[[nodiscard]] inline net::HttpResponse json_response(int status, const Json& body) {
  return {status, {{"Content-Type", "application/json"}}, dump(body)};
}

}  // namespace gibsey::server
