#pragma once
#include "net/http_handler.hpp"
#include "net/origin_check.hpp"
#include "server/auth/principal.hpp"
#include "server/services.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace gibsey::server {

/// A request that has found its route. Lives until the route has answered.
struct RouteRequest {
  net::HttpRequest http;
  std::vector<std::string> parameters;  ///< what stood at the pattern's {…}, in order, decoded
  std::vector<std::pair<std::string, std::string>> query;
  Principal principal;  ///< who asks
  std::string turn_id;  ///< set by a route that knows it, for the log

  /// The first value of that name.
  [[nodiscard]] std::optional<std::string> find(std::string_view name) const;
};

/// A route that gives its answer as a value ...
using Answer = boost::asio::awaitable<net::HttpResponse> (*)(const Services&, RouteRequest&);
/// ... or writes it itself: a stream.
using Stream = boost::asio::awaitable<void> (*)(const Services&, RouteRequest&, net::HttpExchange&);

/// Who may use a route. Where auth is off everybody may use all of them.
enum class Access {
  open,    ///< anybody, known or not
  reader,  ///< whoever is signed in
  admin,   ///< an admin, or another role of Gibsey
};

struct Route {
  std::string method;   ///< HEAD is answered by the GET
  std::string pattern;  ///< "/pages/{id}"; a last "{rest...}" takes all that follows
  std::variant<Answer, Stream> action;
  Access access = Access::reader;
  /// What a signed link must be for, where the route takes one: EventSource and WebSocket send no header of their own.
  std::string (*link)(const RouteRequest&) = nullptr;
  std::size_t body_limit = 64 * 1024;
  /// Puts the refusals of this class into the words of the route's clients; null: problem+json.
  net::HttpResponse (*reword)(const net::HttpRequest& request, net::HttpResponse refusal) = nullptr;
};

/// Sends each request to its route, after the Host and Origin check. Unknown path 404, known path with another method 405 with
/// Allow, OPTIONS 204. Every request is logged with method, path, status, milliseconds and turn id, never with its body, and
/// counted under its route's pattern: a stream at its end, an answer before it is sent: whoever holds it finds it counted.
class Router : public net::HttpHandler {
 public:
  Router(Services services, net::OriginRules rules, std::vector<Route> routes);

  net::Admission admit(const net::HttpRequest& head) override;
  boost::asio::awaitable<void> answer(net::HttpRequest request, net::HttpExchange& exchange) override;
  net::HttpResponse refusal(const net::HttpRequest& head, int status, std::string_view detail) override;

 private:
  struct Match {
    const Route* route = nullptr;
    std::vector<std::string> parameters;
    std::string allow;  ///< methods of the path, when none of its routes has the request's; empty for an unknown path
  };
  struct SplitRoute {
    Route route;
    std::vector<std::string> segments;
  };

  [[nodiscard]] Match match(std::string_view method, const std::vector<std::string>& path) const;
  /// Sets `request.principal`, or gives the answer to a request whose sender may not use the route.
  [[nodiscard]] std::optional<net::HttpResponse> refuse_sender(const Route& route, RouteRequest& request) const;
  /// The answer to a request that no route will see; nullopt when one will.
  [[nodiscard]] std::optional<net::HttpResponse> refuse(const net::HttpRequest& head, const net::OriginVerdict& verdict,
                                                        Match& match) const;

  Services services_;
  net::OriginCheck origins_;
  std::vector<SplitRoute> routes_;
};

}  // namespace gibsey::server
