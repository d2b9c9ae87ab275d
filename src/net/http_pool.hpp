#pragma once
#include "net/http_client.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstdint>
#include <memory>

namespace gibsey::net {

struct HttpPoolSettings {
  std::size_t per_host = 8;                ///< kept connections that nobody uses, of one scheme, host, port and proxy
  std::size_t in_all = 64;                 ///< and of all; the one that has waited longest makes room
  std::chrono::milliseconds idle{30'000};  ///< a kept connection is closed after that
  ProxyRules proxies = default_proxies();
};

struct HttpPoolCounts {
  std::size_t kept = 0;       ///< now
  std::uint64_t opened = 0;   ///< connections that were begun
  std::uint64_t reused = 0;   ///< requests that were sent on a kept connection
  std::uint64_t renewed = 0;  ///< of these, closed before an answer began, and sent again on a fresh connection
};

/// Sends requests as send_http does, over connections that are kept open between them. Only a connection whose answer was read to
/// its end, and that both sides leave open, is used again; one that was closed meanwhile, or on which more came than was asked
/// for, never is.
///
/// A kept connection can be closed by the server just as a request is on its way (RFC 9112 section 9.3.1). The request is then
/// sent again, once and on a fresh connection, if not a byte of an answer had come and it does not say `once`. What fails on a
/// fresh connection is never repeated.
///
/// Connections live on the pool's executor, each on a strand of its own, so that they can outlast their callers. Safe to use from
/// any thread and any executor; resumes on the caller's. The executor's context must outlive the pool and be running. The timer
/// of the kept connections is work to it: close() before waiting for it to run dry.
class HttpPool {
 public:
  explicit HttpPool(boost::asio::any_io_executor executor, HttpPoolSettings settings = {});
  ~HttpPool();
  HttpPool(const HttpPool&) = delete;
  HttpPool& operator=(const HttpPool&) = delete;

  /// Errors: as send_http. May be called before the pool's end and end after it.
  [[nodiscard]] boost::asio::awaitable<HttpResult> send(HttpClientRequest request, HttpClientTimeouts timeouts,
                                                        Deadline deadline);
  /// Closes the kept connections and keeps none any more. Requests go on.
  void close();
  /// close(), and ends what is under way, answers that are being read too, and what comes later: cancelled.
  void shut_down();
  [[nodiscard]] HttpPoolCounts counts() const;

 private:
  class State;
  static boost::asio::awaitable<HttpResult> send_by(std::shared_ptr<State> state, HttpClientRequest request,
                                                    HttpClientTimeouts timeouts, Deadline deadline);

  std::shared_ptr<State> state_;
};

}  // namespace gibsey::net
