#include "net/origin_check.hpp"

#include "base/utf8.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <optional>

namespace gibsey::net {
namespace {

bool is_port(std::string_view text) {
  return text.size() <= 5 && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// The name of "name", "name:port", "[v6]" or "[v6]:port", brackets kept; nullopt for anything else.
std::optional<std::string_view> host_name(std::string_view authority) {
  const bool bracketed = authority.starts_with('[');
  const auto close = bracketed ? authority.find(']') : std::string_view::npos;
  if (bracketed && close == std::string_view::npos) return std::nullopt;
  const auto colon = authority.find(':', bracketed ? close : 0);
  const auto name = authority.substr(0, colon);
  if (bracketed && name.size() != close + 1) return std::nullopt;
  if (name.empty() || name.find_first_of("@/\\?# ") != std::string_view::npos) return std::nullopt;
  if (colon != std::string_view::npos && !is_port(authority.substr(colon + 1))) return std::nullopt;
  return name;
}

bool is_loopback(std::string_view name) {
  if (equal_ignoring_case(name, "localhost")) return true;
  boost::system::error_code error;
  if (name.starts_with('[')) {
    const auto inside = std::string(name.substr(1, name.size() - 2));
    const auto address = boost::asio::ip::make_address_v6(inside, error);
    return !error && address.is_loopback();
  }
  const auto address = boost::asio::ip::make_address_v4(std::string(name), error);
  return !error && address.is_loopback();
}

struct Origin {
  std::string_view scheme;
  std::string_view authority;
};

std::optional<Origin> parse_origin(std::string_view text) {
  const auto end = text.find("://");
  if (end == std::string_view::npos) return std::nullopt;
  const Origin origin{text.substr(0, end), text.substr(end + 3)};
  if (!equal_ignoring_case(origin.scheme, "http") && !equal_ignoring_case(origin.scheme, "https")) return std::nullopt;
  if (!host_name(origin.authority)) return std::nullopt;
  return origin;
}

}  // namespace

OriginCheck::OriginCheck(OriginRules rules) : rules_(std::move(rules)) {}

bool OriginCheck::host_allowed(std::string_view name) const {
  return is_loopback(name) || std::any_of(rules_.hosts.begin(), rules_.hosts.end(),
                                          [name](const std::string& host) { return equal_ignoring_case(host, name); });
}

bool OriginCheck::origin_allowed(std::string_view origin, std::string_view host) const {
  const bool listed = std::any_of(rules_.origins.begin(), rules_.origins.end(),
                                  [origin](const std::string& other) { return equal_ignoring_case(other, origin); });
  if (listed) return true;
  const auto parsed = parse_origin(origin);
  if (!parsed) return false;
  // The page that this server itself gave out: the scheme may differ behind a proxy that speaks TLS.
  return equal_ignoring_case(parsed->authority, host) || is_loopback(*host_name(parsed->authority));
}

OriginVerdict OriginCheck::check(const HttpRequest& request) const {
  const auto name = host_name(request.host);
  const bool none_needed = request.host.empty() && request.minor_version == 0;
  if (!none_needed && !(name && host_allowed(*name))) {
    return {false,
            "The host '" + utf8::sanitized(request.host) +
                "' is not a name of this server; use localhost, or have the name allowed in the configuration.",
            {}};
  }
  const auto count = request.headers.count("Origin");
  if (count == 0) return {true, {}, {}};
  const std::string origin(*request.headers.find("Origin"));
  if (count > 1 || !origin_allowed(origin, request.host)) {
    return {false,
            "Pages of '" + utf8::sanitized(origin) +
                "' may not use this server; have the origin allowed in the configuration if they should.",
            {}};
  }
  return {true, {}, origin};
}

void add_cors(HttpHeaders& headers, const std::string& origin, const std::string& exposed) {
  headers.add("Vary", "Origin");
  if (origin.empty()) return;
  headers.add("Access-Control-Allow-Origin", origin);
  headers.add("Access-Control-Allow-Credentials", "true");
  if (!exposed.empty()) headers.add("Access-Control-Expose-Headers", exposed);
}

void add_preflight(HttpHeaders& headers, const HttpRequest& request, const std::string& methods) {
  headers.add("Access-Control-Allow-Methods", methods);
  // The origin is trusted by now: it may send what fields it likes.
  if (const auto wanted = request.headers.find("Access-Control-Request-Headers")) {
    headers.add("Access-Control-Allow-Headers", std::string(*wanted));
  }
  headers.add("Access-Control-Max-Age", "600");
}

}  // namespace gibsey::net
