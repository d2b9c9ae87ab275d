#pragma once
#include "net/http_message.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace gibsey::net {

/// Who may talk to this server besides loopback names.
struct OriginRules {
  std::vector<std::string> hosts;    ///< names that a Host field may hold, without port: "gibsey.lan"
  std::vector<std::string> origins;  ///< exact origins of pages elsewhere: "https://front.example"
};

struct OriginVerdict {
  bool allowed = false;
  std::string refusal;  ///< one plain sentence, when not allowed
  std::string origin;   ///< the Origin to answer CORS for; empty when there was none
};

/// Keeps foreign web pages out: a page elsewhere cannot reach this server through a reader's browser, neither by a cross-origin
/// request (Origin) nor by a name that it made to point here (Host, DNS rebinding). Loopback names (127.0.0.0/8, localhost,
/// [::1]; any port) are always allowed. A request without Origin (curl, same-origin GET) is judged by its Host alone; an empty
/// Host is allowed only where none was required (HTTP/1.0).
class OriginCheck {
 public:
  explicit OriginCheck(OriginRules rules);
  [[nodiscard]] OriginVerdict check(const HttpRequest& request) const;

 private:
  [[nodiscard]] bool host_allowed(std::string_view name) const;
  [[nodiscard]] bool origin_allowed(std::string_view origin, std::string_view host) const;
  OriginRules rules_;
};

/// Fields that let a page of `origin` read the answer with its credentials, and those of its fields that `exposed` lists; Vary
/// alone when `origin` is empty.
void add_cors(HttpHeaders& headers, const std::string& origin, const std::string& exposed);
/// Further fields for the answer to a preflight OPTIONS.
void add_preflight(HttpHeaders& headers, const HttpRequest& request, const std::string& methods);

}  // namespace gibsey::net
