#pragma once
#include "net/http_message.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gibsey::net {

/// Name and value of each cookie of a Cookie field, in their order, as sent: nothing is decoded, quotation marks are part of a
/// value. Parts without '=' or with an empty name are left out.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> parse_cookies(std::string_view field);

/// The first cookie of that name (case matters) in all Cookie fields of a request.
[[nodiscard]] std::optional<std::string> find_cookie(const HttpHeaders& headers, std::string_view name);

/// A cookie that scripts cannot read and that requests begun by other sites do not carry, except a followed link.
struct SetCookie {
  std::string name;
  std::string value;  ///< characters of RFC 6265 alone: encode others (hex, base64url, %XX) first
  std::optional<std::chrono::seconds> max_age = std::nullopt;  ///< none: until the browser closes; 0 or less: delete it
  bool secure = false;                                         ///< over https alone
};

/// The value of a Set-Cookie field: HttpOnly, SameSite=Lax, Path=/. Errors: invalid_argument (a name that is not a token, a value
/// that holds a space, quotation mark, comma, semicolon, backslash, control character or anything beyond ASCII).
[[nodiscard]] Result<std::string> format_set_cookie(const SetCookie& cookie);

}  // namespace gibsey::net
