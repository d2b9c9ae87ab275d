#include "net/cookies.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace gibsey::net {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// cookie-octet of RFC 6265 section 4.1.1.
bool is_cookie_octet(char c) {
  return c > 0x20 && c < 0x7F && std::string_view("\",;\\").find(c) == std::string_view::npos;
}

/// tchar of RFC 9110 section 5.6.2.
bool is_token_char(char c) {
  return c > 0x20 && c < 0x7F && std::string_view("\"(),/:;<=>?@[\\]{}").find(c) == std::string_view::npos;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> parse_cookies(std::string_view field) {
  std::vector<std::pair<std::string, std::string>> cookies;
  while (!field.empty()) {
    const auto end = field.find(';');
    const auto part = field.substr(0, end);
    field.remove_prefix(end == std::string_view::npos ? field.size() : end + 1);
    const auto equals = part.find('=');
    if (equals == std::string_view::npos) continue;
    const auto name = trimmed(part.substr(0, equals));
    if (!name.empty()) cookies.emplace_back(name, trimmed(part.substr(equals + 1)));
  }
  return cookies;
}

std::optional<std::string> find_cookie(const HttpHeaders& headers, std::string_view name) {
  for (const auto& [field, value] : headers.fields()) {
    if (!equal_ignoring_case(field, "Cookie")) continue;
    for (auto& cookie : parse_cookies(value)) {
      if (cookie.first == name) return std::move(cookie.second);
    }
  }
  return std::nullopt;
}

Result<std::string> format_set_cookie(const SetCookie& cookie) {
  if (cookie.name.empty() || !std::all_of(cookie.name.begin(), cookie.name.end(), is_token_char)) {
    return fail(ErrorCode::invalid_argument, "The name of a cookie must be one word of plain characters.");
  }
  if (!std::all_of(cookie.value.begin(), cookie.value.end(), is_cookie_octet)) {
    return fail(ErrorCode::invalid_argument,
                "The value of the cookie " + cookie.name + " holds a character that must be encoded.");
  }
  auto out = fmt::format("{}={}; Path=/; HttpOnly; SameSite=Lax", cookie.name, cookie.value);
  if (cookie.max_age) out += fmt::format("; Max-Age={}", std::max<std::chrono::seconds::rep>(cookie.max_age->count(), 0));
  if (cookie.secure) out += "; Secure";
  return out;
}

}  // namespace gibsey::net
