#pragma once
#include "base/deadline.hpp"
#include "base/result.hpp"
#include "net/http_message.hpp"
#include "net/http_url.hpp"
#include "net/proxy_choice.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <expected>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

namespace gibsey::net {

struct HttpClientRequest {
  std::string method = "GET";
  std::string url;
  HttpHeaders headers;  ///< Host, User-Agent, Accept-Encoding (nothing compressed), Content-Length and Connection are added
  std::string body;
  bool once = false;  ///< HttpPool: not sent again either when a kept connection was closed before an answer to it began
  /// A stop closes the connection, before the head of the answer too; what waits fails with cancelled. Its name may still be
  /// being looked up, or its address connected to: that ends with timeouts.connect.
  std::stop_token stop;
};

struct HttpClientTimeouts {
  std::chrono::milliseconds connect{5'000};      ///< name, connection, proxy, TLS
  std::chrono::milliseconds first_byte{60'000};  ///< from the request sent to the head of the answer
  std::chrono::milliseconds idle{60'000};        ///< between two pieces of the body
};

/// An answer whose body is read as it comes. Destroying it before its end closes the connection. Not for concurrent use, cancel()
/// aside.
class HttpReply {
 public:
  virtual ~HttpReply() = default;
  [[nodiscard]] virtual int status() const = 0;
  [[nodiscard]] virtual const HttpHeaders& headers() const = 0;
  /// The next piece of the body, never empty; nullopt at its end. Errors: deadline, cancelled, unavailable
  /// (the connection broke before the end).
  virtual boost::asio::awaitable<Result<std::optional<std::string>>> read() = 0;
  /// Makes a read() that is under way, or the next one, fail with cancelled. From any thread.
  virtual void cancel() = 0;
  /// The whole rest. Errors: as read, and too_large.
  boost::asio::awaitable<Result<std::string>> read_all(std::size_t limit = 16 * 1024 * 1024);
};

/// A request that brought no answer.
struct HttpFailure : Error {
  bool sent = false;  ///< the server may have got the request, or a part of it
};

/// Usable as a Result<std::unique_ptr<HttpReply>>, GIBSEY_CO_TRY included.
using HttpResult = std::expected<std::unique_ptr<HttpReply>, HttpFailure>;

/// What requests go by unless they are told otherwise: at first the environment's rules, read when first asked for.
[[nodiscard]] ProxyRules default_proxies();
void set_default_proxies(ProxyRules rules);

/// Sends a request over a connection of its own and waits for the head of the answer, whatever its status: a redirect is an
/// answer, so that no key travels where nobody sent it. Certificates of https are verified against the system's. `deadline`
/// bounds everything, the body included. Errors: invalid_argument (address, proxy), unavailable (the message names the address,
/// and the proxy without its password), deadline, cancelled (its stop was asked for). From any executor; resumes on the caller's.
boost::asio::awaitable<HttpResult> send_http(HttpClientRequest request, HttpClientTimeouts timeouts, Deadline deadline,
                                             ProxyRules proxies = default_proxies());

}  // namespace gibsey::net
