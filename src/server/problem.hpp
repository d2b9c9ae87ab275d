#pragma once
#include "base/error.hpp"
#include "net/http_message.hpp"

#include <string>
#include <string_view>

namespace gibsey::server {

/// RFC 9457 `application/problem+json` {type,title,status,detail}. `detail` is one plain sentence that says what to do. `field`,
/// when given, names the field of the request that is wrong.
[[nodiscard]] net::HttpResponse problem(int status, std::string_view detail, std::string_view field = {});

/// The one place where an outcome of the layers below becomes an HTTP status. The details of `corrupt` and `internal` stay in the
/// log.
[[nodiscard]] net::HttpResponse problem(const Error& error);
[[nodiscard]] int http_status(ErrorCode code);

}  // namespace gibsey::server
