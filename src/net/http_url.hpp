#pragma once
#include "base/result.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace gibsey::net {

/// An absolute http or https address, taken apart.
struct HttpUrl {
  bool tls = false;
  std::string host;    ///< a name, or an IP address without brackets
  std::string port;    ///< as a number from 1 to 65535; 80 and 443 where the address has none
  std::string target;  ///< path and query, "/" at least
};

/// Errors: invalid_argument (not http or https, no host or one that no name is like, no port, user or password in the address).
[[nodiscard]] Result<HttpUrl> parse_http_url(const std::string& address);

/// As Host has it: "[::1]:8080", and without the port where it is the scheme's own.
[[nodiscard]] std::string authority(const HttpUrl& url);
/// "[::1]:8080", "models.example:443".
[[nodiscard]] std::string host_and_port(std::string_view host, std::string_view port);

struct HostPort {
  std::string host;  ///< without brackets
  std::string port;  ///< empty where there is none
};

/// "host", "host:80", "::1", "[::1]", "[::1]:80". nullopt: no host, one with characters that neither a name nor an address has,
/// a port out of 1 to 65535.
[[nodiscard]] std::optional<HostPort> split_host_port(std::string_view text);

}  // namespace gibsey::net
