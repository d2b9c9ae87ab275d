#include "jobs/webhook_alarm.hpp"

#include "base/log.hpp"
#include "net/http_client.hpp"

#include <fmt/format.h>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <nlohmann/json.hpp>

namespace gibsey::jobs {

namespace asio = boost::asio;

namespace {

constexpr int kTries = 3;
constexpr auto kTime = std::chrono::seconds(10);

std::string body_of(const model::NightlyRun& run, std::optional<UnixMillis> retry_at) {
  const auto again = retry_at ? "It is tried again at " + iso8601(*retry_at) + "." : std::string("It is not tried again.");
  nlohmann::json body = {{"event", "nightly_run_failed"},
                         {"run_id", run.id},
                         {"world", run.world},
                         {"attempt", run.attempts},
                         {"error", run.error},
                         {"started", iso8601(run.started)},
                         {"ended", iso8601(run.ended)},
                         {"text", fmt::format("Gibsey's nightly run {} failed: {}. {}", run.id, run.error, again)}};
  body["retry_at"] = retry_at ? nlohmann::json(iso8601(*retry_at)) : nlohmann::json();
  return body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// "" when it was taken, else why not.
asio::awaitable<std::string> post(std::string url, std::string body) {
  net::HttpClientRequest request{
      .method = "POST", .url = std::move(url), .headers = {{"Content-Type", "application/json"}}, .body = std::move(body)};
  const auto reply = co_await net::send_http(std::move(request), {}, Deadline::after(kTime));
  if (!reply) co_return std::string(to_string(reply.error().code));
  if ((*reply)->status() / 100 != 2) co_return fmt::format("it answered {}", (*reply)->status());
  co_return "";
}

}  // namespace

asio::awaitable<void> WebhookAlarm::failed(model::NightlyRun run, std::optional<UnixMillis> retry_at) {
  const auto body = body_of(run, retry_at);
  for (int tries = 1;; ++tries) {
    const auto problem = co_await post(url_, body);
    if (problem.empty()) co_return;
    log::warn("the webhook of GIBSEY_ALERT_WEBHOOK did not take the alert of run {}: {}", run.id, problem);
    if (tries == kTries) co_return;
    asio::steady_timer timer(co_await asio::this_coro::executor, again_after_);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

}  // namespace gibsey::jobs
