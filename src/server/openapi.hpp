#pragma once
#include "net/http_message.hpp"

#include <filesystem>
#include <string>
#include <string_view>

namespace gibsey::server {

/// The text of openapi.json, the one table of every request, answer, event and error code; "" with a warning in the log where
/// `file` cannot be read or is not JSON.
[[nodiscard]] std::string read_openapi(const std::filesystem::path& file);

/// GET /openapi.json: `text`, which read_openapi() gave; 404 for "".
[[nodiscard]] net::HttpResponse openapi_table(std::string_view text);

/// GET /docs: a page that reads /openapi.json and shows it to people. It loads nothing else.
[[nodiscard]] net::HttpResponse openapi_page();

}  // namespace gibsey::server
