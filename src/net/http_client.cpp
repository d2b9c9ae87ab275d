#include "net/http_client.hpp"

#include "net/client_exchange.hpp"

#include <fmt/format.h>
#include <boost/asio/this_coro.hpp>

#include <cstdlib>
#include <mutex>

namespace gibsey::net {

namespace asio = boost::asio;

namespace {

std::optional<std::string> environment_variable(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) return std::nullopt;
  return value;
}

struct DefaultProxies {
  std::mutex mutex;
  ProxyRules rules = proxy_rules(environment_variable);
};

DefaultProxies& the_default() {
  static DefaultProxies proxies;
  return proxies;
}

}  // namespace

ProxyRules default_proxies() {
  auto& proxies = the_default();
  const std::lock_guard lock(proxies.mutex);
  return proxies.rules;
}

void set_default_proxies(ProxyRules rules) {
  auto& proxies = the_default();
  const std::lock_guard lock(proxies.mutex);
  proxies.rules = std::move(rules);
}

asio::awaitable<Result<std::string>> HttpReply::read_all(std::size_t limit) {
  std::string body;
  for (;;) {
    GIBSEY_CO_TRY(auto piece, co_await read());
    if (!piece) co_return body;
    if (body.size() + piece->size() > limit)
      co_return fail(ErrorCode::too_large, fmt::format("the answer is larger than {} bytes", limit));
    body += *piece;
  }
}

asio::awaitable<HttpResult> send_http(HttpClientRequest request, HttpClientTimeouts timeouts, Deadline deadline,
                                      ProxyRules proxies) {
  auto url = parse_http_url(request.url);
  if (!url) co_return std::unexpected(HttpFailure{url.error(), false});
  auto proxy = choose_proxy(proxies, *url);
  if (!proxy) co_return std::unexpected(HttpFailure{proxy.error(), false});
  HttpRoute route{*std::move(url), *std::move(proxy)};
  ClientExchange::Stops stops{std::move(request.stop), {}};
  auto message = message_of(std::move(request), route, false);
  auto tls = route.url.tls ? std::make_shared<TlsClient>() : nullptr;
  auto transport = std::make_shared<HttpTransport>(co_await asio::this_coro::executor, std::move(route), std::move(tls));
  const auto exchange = std::make_shared<ClientExchange>(std::move(transport), timeouts, deadline, nullptr, std::move(stops));
  const auto outcome = co_await exchange->run(std::move(message), true);
  if (!outcome) co_return std::unexpected(outcome.error());
  co_return exchange->reply();
}

}  // namespace gibsey::net
