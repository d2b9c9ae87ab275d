#include "server/auth/session_cookie.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace gibsey::server {
namespace {

bool is_token_character(char c) {
  const bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  return alphanumeric || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_secure(const CookieSettings& settings) {
  return settings.secure || settings.cross_site;
}

std::string cookie(const CookieSettings& settings, std::string_view value, std::int64_t seconds) {
  return fmt::format("{}={}; Path=/; Max-Age={}; HttpOnly; SameSite={}{}", settings.name, value, seconds,
                     settings.cross_site ? "None" : "Lax", is_secure(settings) ? "; Secure" : "");
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

Result<void> check_cookie(const CookieSettings& settings) {
  if (settings.name.empty() || !std::ranges::all_of(settings.name, is_token_character)) {
    return fail(ErrorCode::invalid_argument, "The name of the session cookie may hold letters, digits, '-' and '_' only.");
  }
  const bool prefixed = settings.name.starts_with("__Host-") || settings.name.starts_with("__Secure-");
  if (prefixed && !is_secure(settings)) {
    return fail(ErrorCode::invalid_argument,
                "A session cookie named '" + settings.name + "' must be set to be secure; browsers drop it otherwise.");
  }
  return {};
}

std::string set_cookie(const CookieSettings& settings, std::string_view token, std::chrono::seconds lifetime) {
  return cookie(settings, token, std::max<std::int64_t>(lifetime.count(), 0));
}

std::string clear_cookie(const CookieSettings& settings) {
  return cookie(settings, "", 0);
}

std::vector<std::string_view> find_cookies(const net::HttpRequest& request, std::string_view name) {
  std::vector<std::string_view> values;
  for (const auto& [field, text] : request.headers.fields()) {
    if (!net::equal_ignoring_case(field, "Cookie")) continue;
    std::string_view rest = text;
    while (!rest.empty()) {
      const auto end = rest.find(';');
      const auto pair = trimmed(rest.substr(0, end));
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
      const auto equals = pair.find('=');
      if (equals != std::string_view::npos && trimmed(pair.substr(0, equals)) == name)
        values.push_back(trimmed(pair.substr(equals + 1)));
    }
  }
  return values;
}

bool cookie_may_act(const net::HttpRequest& request) {
  const bool reads = request.method == "GET" || request.method == "HEAD" || request.method == "OPTIONS";
  const bool opens_socket = request.headers.count("Upgrade") > 0;
  return (reads && !opens_socket) || request.headers.count("Origin") > 0;
}

}  // namespace gibsey::server
