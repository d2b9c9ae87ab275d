#pragma once
#include "net/http_handler.hpp"
#include "net/origin_check.hpp"
#include "server/services.hpp"

#include <memory>

namespace gibsey::server {

/// What a process serves (design section 5); what it does not, another one does.
struct Roles {
  bool chat = true;       ///< the dialects, the characters, the page
  bool memory = true;     ///< pages, retrieval, what personas remember
  bool ledger = true;     ///< debits, credits, statements
  bool worker = true;     ///< no routes: it follows the feed of changes and embeds
  bool scheduler = true;  ///< the nightly run
};

/// The HTTP surface of these roles, behind the Host and Origin check. Give it to net::HttpServer. `services` is copied; what it
/// refers to must outlive the handler.
[[nodiscard]] std::unique_ptr<net::HttpHandler> make_http_handler(Services services, net::OriginRules rules, Roles roles = {});

}  // namespace gibsey::server
