#pragma once
#include "base/result.hpp"
#include "net/http_url.hpp"

#include <functional>
#include <optional>
#include <string>

namespace gibsey::net {

/// Where a request goes first.
struct Proxy {
  std::string host;
  std::string port;
  std::string authorization;  ///< value of Proxy-Authorization, empty for none. A secret: never told to anybody

  bool operator==(const Proxy&) const = default;
};

/// A variable of the environment that names a proxy: "http://user:password@host:3128", "host:3128". Its value is a secret.
struct ProxyVariable {
  std::string name;
  std::string value;
};

struct ProxyRules {
  ProxyVariable http;     ///< for http addresses; an empty value: none
  ProxyVariable https;    ///< for https addresses
  std::string no_proxy;   ///< what is reached directly, see choose_proxy
  bool loopback = false;  ///< whether localhost, 127.0.0.0/8 and ::1 go through a proxy too
};

/// The rules of http_proxy, https_proxy, all_proxy (for what has none of its own) and no_proxy. Each is looked for in small, then
/// in capital letters; one that is empty is as if it were not set. HTTP_PROXY does not count where REQUEST_METHOD is set: in a
/// CGI program a client can set it by a header Proxy.
[[nodiscard]] ProxyRules proxy_rules(const std::function<std::optional<std::string>(const char* name)>& variable);

/// Which proxy the address is reached through; nullopt: none. no_proxy is a list parted by commas or spaces of: "*" (everything),
/// a name (it and all below it, with or without a leading "." or "*."), an IP address, a network "10.0.0.0/8"; each but the first
/// and last may end in ":port". Names are not looked up. Errors: invalid_argument (the variable holds no address of an http
/// proxy; the message names the variable, not its value).
[[nodiscard]] Result<std::optional<Proxy>> choose_proxy(const ProxyRules& rules, const HttpUrl& url);

}  // namespace gibsey::net
