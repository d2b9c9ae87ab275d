#include "net/http_url.hpp"

#include <fmt/format.h>
#include <boost/url/parse.hpp>

#include <algorithm>
#include <charconv>

namespace gibsey::net {
namespace {

/// What is sent as Host must never hold a line break, and what is looked up no space.
bool is_host(std::string_view host) {
  return !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || std::string_view("-._:").contains(c);
  });
}

bool is_port(std::string_view port) {
  int number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  return error == std::errc() && end == port.data() + port.size() && number >= 1 && number <= 65'535;
}

}  // namespace

Result<HttpUrl> parse_http_url(const std::string& address) {
  const auto parsed = boost::urls::parse_uri(address);
  const auto refuse = [&](const char* why) {
    return fail(ErrorCode::invalid_argument, fmt::format("'{}' is no address to talk to: {}", address, why));
  };
  if (!parsed) return refuse("write it as http://host:port/path");
  const bool tls = parsed->scheme() == "https";
  if (!tls && parsed->scheme() != "http") return refuse("only http and https are spoken");
  if (parsed->host().empty()) return refuse("the host is missing");
  if (parsed->has_userinfo()) return refuse("a name or password does not belong into it");
  HttpUrl url{.tls = tls,
              .host = parsed->host_name().empty() ? std::string(parsed->host_address()) : std::string(parsed->host_name()),
              .port = std::string(parsed->port()),
              .target = std::string(parsed->encoded_resource())};
  if (!is_host(url.host)) return refuse("the host is no name and no IP address");
  if (url.port.empty()) url.port = tls ? "443" : "80";
  if (!is_port(url.port)) return refuse("a port is a number from 1 to 65535");
  if (const auto hash = url.target.find('#'); hash != std::string::npos) url.target.resize(hash);
  if (!url.target.starts_with('/')) url.target.insert(0, "/");
  return url;
}

std::string host_and_port(std::string_view host, std::string_view port) {
  return host.contains(':') ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

std::string authority(const HttpUrl& url) {
  const auto whole = host_and_port(url.host, url.port);
  return url.port == (url.tls ? "443" : "80") ? whole.substr(0, whole.size() - url.port.size() - 1) : whole;
}

std::optional<HostPort> split_host_port(std::string_view text) {
  HostPort parts;
  const auto colon = text.rfind(':');
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    parts.host = text.substr(1, end - 1);
    text.remove_prefix(end + 1);
    if (!text.empty() && !text.starts_with(':')) return std::nullopt;
    if (!text.empty()) parts.port = text.substr(1);
    if (!text.empty() && !is_port(parts.port)) return std::nullopt;
  } else if (colon != std::string_view::npos && text.find(':') == colon) {
    parts.host = text.substr(0, colon);
    parts.port = text.substr(colon + 1);
    if (!is_port(parts.port)) return std::nullopt;
  } else {
    parts.host = text;
  }
  if (!is_host(parts.host)) return std::nullopt;
  return parts;
}

}  // namespace gibsey::net
