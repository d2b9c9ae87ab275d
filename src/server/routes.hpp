#pragma once
#include "net/http_handler.hpp"
#include "net/origin_check.hpp"
#include "server/services.hpp"

#include <memory>

namespace gibsey::server {

/// The whole HTTP surface: every dialect's routes behind the Host and Origin check. Give it to net::HttpServer.
/// `services` is copied; what it refers to must outlive the handler.
[[nodiscard]] std::unique_ptr<net::HttpHandler> make_http_handler(Services services, net::OriginRules rules);

}  // namespace gibsey::server
