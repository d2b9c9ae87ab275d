#pragma once
#include "base/deadline.hpp"
#include "base/result.hpp"
#include "net/http_message.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace gibsey::net {

/// An absolute http or https address, taken apart.
struct HttpUrl {
  bool tls = false;
  std::string host;
  std::string port;    ///< as a number; 80 and 443 where the address has none
  std::string target;  ///< path and query, "/" at least
};

/// Errors: invalid_argument (not http or https, no host, user or password in the address).
[[nodiscard]] Result<HttpUrl> parse_http_url(const std::string& address);

struct HttpClientRequest {
  std::string method = "GET";
  std::string url;
  HttpHeaders headers;  ///< Host, User-Agent, Content-Length and Connection are added
  std::string body;
};

struct HttpClientTimeouts {
  std::chrono::milliseconds connect{5'000};      ///< name, connection, TLS
  std::chrono::milliseconds first_byte{60'000};  ///< from the request sent to the head of the answer
  std::chrono::milliseconds idle{60'000};        ///< between two pieces of the body
};

/// An answer whose body is read as it comes. Destroying it closes the connection. Not for concurrent use.
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

/// Sends a request over a connection of its own and waits for the head of the answer. Certificates of https are verified against
/// the system's. `deadline` bounds everything, the body included. Errors: invalid_argument (address), unavailable (the message
/// names the address), deadline. From any executor; resumes on the caller's.
boost::asio::awaitable<Result<std::unique_ptr<HttpReply>>> send_http(HttpClientRequest request, HttpClientTimeouts timeouts,
                                                                     Deadline deadline);

}  // namespace gibsey::net
