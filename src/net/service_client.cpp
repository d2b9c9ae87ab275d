#include "net/service_client.hpp"

#include "net/http_client.hpp"

#include <fmt/format.h>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <charconv>

namespace gibsey::net {

namespace asio = boost::asio;

namespace {

using std::chrono::milliseconds;

constexpr int kMostDoublings = 10;

bool may_be_repeated(const ServiceCall& call) {
  return call.method == "GET" || call.method == "HEAD" || call.headers.find("Idempotency-Key").has_value();
}

bool is_failure(int status) {
  return status >= 500 || status == 429;
}

/// Seconds; a date is as if nothing were said.
std::optional<int> retry_after(const ServiceResult& outcome) {
  if (!outcome) return std::nullopt;
  const auto field = outcome->headers.find("Retry-After");
  int seconds = 0;
  if (!field || std::from_chars(field->data(), field->data() + field->size(), seconds).ec != std::errc()) return std::nullopt;
  return std::clamp(seconds, 0, 86'400);
}

HttpClientRequest request_of(const ServiceCall& call, const HttpHeaders& with_every_call) {
  HttpClientRequest request{.method = call.method, .url = call.url, .headers = with_every_call, .body = call.body};
  for (const auto& [name, value] : call.headers.fields()) request.headers.add(name, value);
  return request;
}

asio::awaitable<ServiceResult> exchange(HttpClientRequest request, std::size_t body_limit, Deadline deadline) {
  const auto left = std::chrono::duration_cast<milliseconds>(deadline.left());
  auto reply = co_await send_http(std::move(request), {.connect = left, .first_byte = left, .idle = left}, deadline);
  if (!reply) co_return std::unexpected(ServiceFailure{reply.error(), reply.error().sent});
  ServiceAnswer answer{.status = (*reply)->status(), .headers = (*reply)->headers()};
  if (answer.status >= 500) co_return answer;  // its body changes nothing
  auto body = co_await (*reply)->read_all(body_limit);
  if (!body) co_return std::unexpected(ServiceFailure{std::move(body).error(), true});
  answer.body = *std::move(body);
  co_return answer;
}

}  // namespace

ServiceClient::ServiceClient(ServiceSettings settings) : settings_(std::move(settings)), breaker_(settings_.breaker) {
  state_.name = settings_.name;
  state_.address = settings_.address;
}

asio::awaitable<ServiceResult> ServiceClient::call(ServiceCall call, Deadline deadline) {
  const auto own_deadline = Deadline::after(settings_.deadline);
  const auto end = own_deadline.at() < deadline.at() ? own_deadline : deadline;
  const int attempts = may_be_repeated(call) ? std::max(settings_.attempts, 1) : 1;
  std::optional<ServiceResult> last;
  bool taken = false;  // maybe, by an attempt before
  for (int number = 1;; ++number) {
    auto permit = breaker_.enter();
    if (!permit && last) co_return *std::move(last);
    if (!permit) {
      auto error = refusal().value_or(Error{ErrorCode::unavailable, settings_.name + " does not answer"});
      co_return std::unexpected(ServiceFailure{std::move(error), false});
    }
    const auto begun = std::chrono::steady_clock::now();
    auto outcome = co_await attempt(call, end);
    note(outcome, std::chrono::steady_clock::now() - begun);
    const bool failed = !outcome || is_failure(outcome->status);
    failed ? permit->failed() : permit->succeeded();
    permit.reset();
    const auto wanted = retry_after(outcome);
    const bool again = failed && number < attempts && (outcome || outcome.error().code != ErrorCode::too_large);
    last = judged(std::move(outcome), taken);
    taken = taken || (!*last && last->error().sent);
    if (!again) co_return *std::move(last);
    const auto pause = pause_after(number, wanted);
    if (pause >= end.left()) co_return *std::move(last);
    asio::steady_timer timer(co_await asio::this_coro::executor, pause);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

asio::awaitable<ServiceResult> ServiceClient::attempt(const ServiceCall& call, Deadline deadline) const {
  co_return co_await exchange(request_of(call, settings_.headers), settings_.body_limit, deadline);
}

ServiceResult ServiceClient::judged(ServiceResult outcome, bool taken_before) const {
  if (outcome && outcome->status < 500) {
    outcome->repeated = taken_before;
    return *std::move(outcome);
  }
  const auto where = fmt::format("{} at {}", settings_.name, settings_.address);
  const auto failure = [](std::string message, bool sent) {
    return std::unexpected(ServiceFailure{{ErrorCode::unavailable, std::move(message)}, sent});
  };
  if (outcome) return failure(fmt::format("{} failed with status {}; its log tells why", where, outcome->status), true);
  const auto& error = outcome.error();
  const bool sent = taken_before || error.sent;
  if (error.code == ErrorCode::too_large)
    return failure(fmt::format("{} answered more than {} bytes", where, settings_.body_limit), sent);
  if (error.code == ErrorCode::deadline)
    return failure(fmt::format("{} does not answer in time; see whether it is overloaded", where), sent);
  return failure(fmt::format("{} does not answer; see that it runs ({})", where, error.message), sent);
}

milliseconds ServiceClient::pause_after(int attempt, std::optional<int> retry_after) {
  const auto longest = settings_.backoff.count() * (1LL << std::min(attempt - 1, kMostDoublings));
  const std::lock_guard lock(mutex_);
  // Half of it at least: many callers that failed together shall not come back together.
  const milliseconds backoff(std::uniform_int_distribution<long long>((longest + 1) / 2, std::max(longest, 1LL))(random_));
  return std::max(backoff, milliseconds(1000LL * retry_after.value_or(0)));
}

void ServiceClient::note(const ServiceResult& outcome, std::chrono::steady_clock::duration time) {
  const auto judgement = outcome && outcome->status < 500 ? std::string() : judged(outcome, false).error().message;
  const std::lock_guard lock(mutex_);
  state_.tried = true;
  state_.connected = judgement.empty();
  state_.latency_ms = std::chrono::duration<double, std::milli>(time).count();
  state_.detail = judgement;
}

std::optional<Error> ServiceClient::refusal() const {
  const auto closed = breaker_.closed_off();
  if (!closed) return std::nullopt;
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(*closed).count();
  const auto next = seconds == 0 ? std::string("it is being tried again now") : fmt::format("it is tried again in {} s", seconds);
  return Error{ErrorCode::unavailable,
               fmt::format("{} at {} has failed several times; {}", settings_.name, settings_.address, next)};
}

ServiceState ServiceClient::state() const {
  const auto breaker = breaker_.state();
  const std::lock_guard lock(mutex_);
  auto state = state_;
  state.breaker = breaker;
  return state;
}

std::string shown_address(std::string_view address) {
  const auto scheme = address.find("://");
  const auto start = scheme == std::string_view::npos ? 0 : scheme + 3;
  auto rest = address.substr(start);
  // A password may hold any character, and make the address one that cannot be taken apart.
  if (const auto at = rest.rfind('@'); at != std::string_view::npos) rest.remove_prefix(at + 1);
  return std::string(address.substr(0, start)) + std::string(rest.substr(0, rest.find_first_of("?#")));
}

Result<void> check_service_address(const std::string& setting, const std::string& address) {
  const auto parsed = parse_http_url(address);
  // A name or password may be such that the rest looks like an address.
  const bool has_name = address.find('@') != std::string::npos;
  if (parsed && !has_name && parsed->port.find_first_not_of("0123456789") == std::string::npos) return {};
  return fail(ErrorCode::invalid_argument,
              fmt::format("{}: '{}' is no address of a service; write it as http://host:port/path, without a name or password",
                          setting, shown_address(address)));
}

std::string percent_encoded(std::string_view text) {
  static constexpr std::string_view kUnreserved =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";  // RFC 3986 section 2.3
  std::string encoded;
  for (const char byte : text) {
    if (kUnreserved.find(byte) != std::string_view::npos) {
      encoded += byte;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(byte)));
    }
  }
  return encoded;
}

}  // namespace gibsey::net
