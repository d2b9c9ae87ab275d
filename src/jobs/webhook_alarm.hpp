#pragma once
#include "jobs/job.hpp"

#include <chrono>
#include <string>

namespace gibsey::jobs {

/// Tells a failed run by POST of JSON {event: "nightly_run_failed", run_id, world, attempt, error, retry_at, started, ended,
/// text} to an address. `text` says it in a sentence, for receivers that show just that. Tries thrice; what then was not taken is
/// in the log. The address may hold a secret, so it is never told.
class WebhookAlarm final : public Alarm {
 public:
  explicit WebhookAlarm(std::string url, std::chrono::milliseconds again_after = std::chrono::seconds(2))
      : url_(std::move(url)), again_after_(again_after) {}
  boost::asio::awaitable<void> failed(model::NightlyRun run, std::optional<UnixMillis> retry_at) override;

 private:
  const std::string url_;
  const std::chrono::milliseconds again_after_;
};

}  // namespace gibsey::jobs
