#include "net/proxy_choice.hpp"

#include "net/http_message.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <charconv>
#include <vector>

namespace gibsey::net {
namespace {

namespace ip = boost::asio::ip;

std::string in_small_letters(std::string_view text) {
  std::string small(text);
  for (char& c : small) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return small;
}

/// As names are compared: the dot at the end of a name that is whole means nothing.
std::string normal_name(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  return in_small_letters(name);
}

std::optional<ip::address> address_of(std::string_view text) {
  boost::system::error_code error;
  const auto address = ip::make_address(std::string(text), error);
  if (error) return std::nullopt;
  if (address.is_v6() && address.to_v6().is_v4_mapped()) return ip::make_address_v4(ip::v4_mapped, address.to_v6());
  return address;
}

std::vector<unsigned char> bytes_of(const ip::address& address) {
  if (address.is_v4()) {
    const auto bytes = address.to_v4().to_bytes();
    return {bytes.begin(), bytes.end()};
  }
  const auto bytes = address.to_v6().to_bytes();
  return {bytes.begin(), bytes.end()};
}

/// `network` as "10.0.0.0/8".
bool lies_in(const ip::address& address, std::string_view network) {
  const auto slash = network.find('/');
  const auto base = address_of(network.substr(0, slash));
  const auto length = network.substr(slash + 1);
  std::size_t bits = 0;
  const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), bits);
  if (!base || error != std::errc() || end != length.data() + length.size()) return false;
  const auto a = bytes_of(address);
  const auto b = bytes_of(*base);
  if (a.size() != b.size() || bits > 8 * a.size()) return false;
  const auto whole = static_cast<std::ptrdiff_t>(bits / 8);
  if (!std::equal(a.begin(), a.begin() + whole, b.begin())) return false;
  return bits % 8 == 0 || (a[bits / 8] >> (8 - bits % 8)) == (b[bits / 8] >> (8 - bits % 8));
}

bool is_loopback(const std::string& name, const std::optional<ip::address>& address) {
  return address ? address->is_loopback() : name == "localhost" || name.ends_with(".localhost");  // RFC 6761 section 6.3
}

bool entry_covers(std::string_view entry, const HttpUrl& url, const std::string& name,
                  const std::optional<ip::address>& address) {
  if (entry == "*") return true;
  if (entry.contains('/')) return address && lies_in(*address, entry);
  if (entry.starts_with('*')) entry.remove_prefix(1);
  if (entry.starts_with('.')) entry.remove_prefix(1);
  const auto wanted = split_host_port(entry);
  if (!wanted || (!wanted->port.empty() && wanted->port != url.port)) return false;
  if (address) return address_of(wanted->host) == address;
  const auto domain = normal_name(wanted->host);
  return !domain.empty() && (name == domain || name.ends_with("." + domain));
}

bool goes_directly(std::string_view no_proxy, const HttpUrl& url, const std::string& name,
                   const std::optional<ip::address>& address) {
  static constexpr std::string_view kBetween = ", \t";
  while (!no_proxy.empty()) {
    const auto end = no_proxy.find_first_of(kBetween);
    const auto entry = no_proxy.substr(0, end);
    if (!entry.empty() && entry_covers(entry, url, name, address)) return true;
    no_proxy.remove_prefix(end == std::string_view::npos ? no_proxy.size() : end + 1);
  }
  return false;
}

std::string basic(const std::string& user_and_password) {
  std::string encoded(4 * ((user_and_password.size() + 2) / 3) + 1, '\0');
  std::vector<unsigned char> bytes(user_and_password.begin(), user_and_password.end());
  std::vector<unsigned char> out(encoded.size());
  const auto size = EVP_EncodeBlock(out.data(), bytes.data(), static_cast<int>(bytes.size()));
  return "Basic " + std::string(out.begin(), out.begin() + size);
}

Result<Proxy> parse_proxy(const ProxyVariable& variable) {
  const auto refuse = [&variable](std::string_view why) {
    return fail(ErrorCode::invalid_argument, fmt::format("{} {}; write it as http://host:port", variable.name, why));
  };
  std::string_view rest = variable.value;
  if (const auto scheme = rest.find("://"); scheme != std::string_view::npos) {
    if (in_small_letters(rest.substr(0, scheme)) != "http") return refuse("names a proxy of another kind than http");
    rest.remove_prefix(scheme + 3);
  }
  Proxy proxy;
  if (const auto at = rest.rfind('@'); at != std::string_view::npos) {
    const auto colon = rest.substr(0, at).find(':');
    const auto user = percent_decoded(rest.substr(0, std::min(colon, at)), false);
    const auto password = percent_decoded(colon == std::string_view::npos ? "" : rest.substr(colon + 1, at - colon - 1), false);
    if (!user || !password) return refuse("holds a bad escape before its '@' (a '%' is written as %25)");
    proxy.authorization = basic(*user + ":" + *password);
    rest.remove_prefix(at + 1);
  }
  auto place = split_host_port(rest.substr(0, rest.find_first_of("/?#")));
  if (!place) return refuse("holds no address of a proxy");
  proxy.host = std::move(place->host);
  proxy.port = place->port.empty() ? "80" : std::move(place->port);
  return proxy;
}

}  // namespace

ProxyRules proxy_rules(const std::function<std::optional<std::string>(const char* name)>& variable) {
  const bool in_cgi = variable("REQUEST_METHOD").has_value();
  const auto first_set = [&variable](std::initializer_list<const char*> names) {
    for (const char* name : names) {
      if (auto value = variable(name); value && !value->empty()) return ProxyVariable{name, *std::move(value)};
    }
    return ProxyVariable{};
  };
  const auto for_all = first_set({"all_proxy", "ALL_PROXY"});
  ProxyRules rules;
  rules.http = in_cgi ? first_set({"http_proxy"}) : first_set({"http_proxy", "HTTP_PROXY"});
  rules.https = first_set({"https_proxy", "HTTPS_PROXY"});
  if (rules.http.value.empty()) rules.http = for_all;
  if (rules.https.value.empty()) rules.https = for_all;
  rules.no_proxy = first_set({"no_proxy", "NO_PROXY"}).value;
  return rules;
}

Result<std::optional<Proxy>> choose_proxy(const ProxyRules& rules, const HttpUrl& url) {
  const auto& variable = url.tls ? rules.https : rules.http;
  if (variable.value.empty()) return std::nullopt;
  const auto name = normal_name(url.host);
  const auto address = address_of(url.host);
  if (is_loopback(name, address) && !rules.loopback) return std::nullopt;
  if (goes_directly(rules.no_proxy, url, name, address)) return std::nullopt;
  GIBSEY_TRY(auto proxy, parse_proxy(variable));
  return proxy;
}

}  // namespace gibsey::net
