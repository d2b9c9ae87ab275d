#pragma once
#include "base/result.hpp"
#include "net/http_message.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace gibsey::server {

struct CookieSettings {
  std::string name = "gibsey_session";
  bool secure = false;      ///< sent over TLS alone: for a server behind a proxy that speaks it
  bool cross_site = false;  ///< pages of another site sign in here (SameSite=None, which needs `secure` and sets it)
};

/// Errors: invalid_argument (a name that is no token of RFC 9110, or has a prefix "__Host-" or "__Secure-" without `secure`).
[[nodiscard]] Result<void> check_cookie(const CookieSettings& settings);

/// The value of a Set-Cookie field: for the whole server, out of reach of scripts.
[[nodiscard]] std::string set_cookie(const CookieSettings& settings, std::string_view token, std::chrono::seconds lifetime);
/// The one that makes the browser forget it.
[[nodiscard]] std::string clear_cookie(const CookieSettings& settings);

/// Every value that the request's Cookie fields have under that name, in order. More than one means that somebody else set one.
[[nodiscard]] std::vector<std::string_view> find_cookies(const net::HttpRequest& request, std::string_view name);

/// A browser adds its cookies to whatever a foreign page makes it send. Reading is harmless: net::OriginCheck keeps the answer
/// from foreign pages. Anything else (a method besides GET, HEAD and OPTIONS, or a handshake to a socket) by cookie must carry
/// the Origin field, which browsers always send there and which OriginCheck has allowed before; this is false where it is
/// missing.
[[nodiscard]] bool cookie_may_act(const net::HttpRequest& request);

}  // namespace gibsey::server
