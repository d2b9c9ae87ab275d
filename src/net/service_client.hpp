#pragma once
#include "base/deadline.hpp"
#include "base/result.hpp"
#include "net/circuit_breaker.hpp"
#include "net/http_message.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <expected>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>

namespace gibsey::net {

struct ServiceSettings {
  std::string name;                           ///< as messages call it: "the ledger"
  std::string address;                        ///< as messages show it (shown_address)
  std::chrono::milliseconds deadline{3'000};  ///< of a call, its repetitions included
  int attempts = 2;                           ///< of a call that may be repeated
  std::chrono::milliseconds backoff{50};      ///< before the second attempt, doubled for each further one, with jitter
  BreakerSettings breaker;
  HttpHeaders headers;  ///< sent with every call: whom the service knows us by. Never told to anybody
  std::size_t body_limit = 1024 * 1024;
};

struct ServiceCall {
  std::string method = "GET";
  std::string url;
  HttpHeaders headers;
  std::string body;
};

struct ServiceAnswer {
  int status = 0;
  HttpHeaders headers;
  std::string body;
  bool repeated = false;  ///< an earlier attempt of this call may have been taken too
};

/// A call that brought no answer. The error is `unavailable`; its message names the service and its address.
struct ServiceFailure : Error {
  bool sent = false;  ///< the service may have done what it was asked
};

/// Usable as a Result<ServiceAnswer>, GIBSEY_CO_TRY included.
using ServiceResult = std::expected<ServiceAnswer, ServiceFailure>;

/// What is known of a service by the calls made to it.
struct ServiceState {
  std::string name;
  std::string address;
  bool tried = false;
  bool connected = false;  ///< the last attempt brought an answer that was no 5xx
  double latency_ms = 0;   ///< of the last attempt
  std::string detail;      ///< why it is not connected
  CircuitBreaker::State breaker = CircuitBreaker::State::closed;
};

/// Calls another service. Each attempt uses a connection of its own. An attempt that brings no whole answer, a 5xx or a 429
/// counts as a failure: it is repeated where that is safe (GET, HEAD, or an Idempotency-Key), after the service's Retry-After
/// when that ends within the deadline, and several in a row open the breaker. Safe to use from any executor; must outlive its
/// calls.
class ServiceClient {
 public:
  explicit ServiceClient(ServiceSettings settings);
  ServiceClient(const ServiceClient&) = delete;
  ServiceClient& operator=(const ServiceClient&) = delete;

  /// Any answer below 500. ServiceFailure: no answer by the deadline (a name that cannot be looked up included), a connection
  /// that breaks, a 5xx, a body over the limit; at once while the breaker is open.
  boost::asio::awaitable<ServiceResult> call(ServiceCall call, Deadline deadline = Deadline::never());
  /// What call() would answer now without calling; nullopt when it would call.
  [[nodiscard]] std::optional<Error> refusal() const;
  [[nodiscard]] ServiceState state() const;
  [[nodiscard]] const std::string& name() const { return settings_.name; }
  [[nodiscard]] const std::string& address() const { return settings_.address; }

 private:
  boost::asio::awaitable<ServiceResult> attempt(const ServiceCall& call, Deadline deadline) const;
  void note(const ServiceResult& outcome, std::chrono::steady_clock::duration time);
  [[nodiscard]] ServiceResult judged(ServiceResult outcome, bool taken_before) const;
  [[nodiscard]] std::chrono::milliseconds pause_after(int attempt, std::optional<int> retry_after);

  const ServiceSettings settings_;
  CircuitBreaker breaker_;
  mutable std::mutex mutex_;
  std::minstd_rand random_{std::random_device{}()};
  ServiceState state_;
};

/// `address` as it may be told: without user, password, query and fragment.
[[nodiscard]] std::string shown_address(std::string_view address);
/// Errors: invalid_argument, naming `setting` and the address as it may be told.
[[nodiscard]] Result<void> check_service_address(const std::string& setting, const std::string& address);
/// "A b/c" -> "A%20b%2Fc": fit for a segment of a path and for a query.
[[nodiscard]] std::string percent_encoded(std::string_view text);

}  // namespace gibsey::net
