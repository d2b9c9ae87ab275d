#pragma once
#include "base/deadline.hpp"
#include "base/result.hpp"
#include "net/http_client.hpp"
#include "net/http_pool.hpp"
#include "provider/upstream.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace gibsey::provider {

/// The answer of a model server, read piece by piece against the server's Patience. Destroying it closes the connection. One
/// reader at a time.
class UpstreamReply {
 public:
  /// Sends `request` and waits for the head of the answer; `deadline` and the patience's total bound everything, the body
  /// included. Over `pool` where there is one, else over a connection of its own. A generation may cost something: it is never
  /// sent a second time. Errors: as net::send_http.
  static boost::asio::awaitable<Result<std::unique_ptr<UpstreamReply>>> send(net::HttpClientRequest request, Patience patience,
                                                                             Deadline deadline,
                                                                             std::shared_ptr<net::HttpPool> pool);

  [[nodiscard]] int status() const { return reply_->status(); }
  [[nodiscard]] const net::HttpHeaders& headers() const { return reply_->headers(); }
  /// The next piece of the body, never empty; nullopt at its end. Errors: deadline (the model was not heard in time, however many
  /// bytes came), unavailable, cancelled.
  boost::asio::awaitable<Result<std::optional<std::string>>> read();
  /// A piece of the reply has come, text or thought: the time until the next one counts from now.
  void heard();
  /// Makes a read() that is under way, or the next one, fail with cancelled. From any thread.
  void cancel() { reply_->cancel(); }
  /// The whole rest, which is no stream. Errors: as read, and too_large.
  boost::asio::awaitable<Result<std::string>> read_all(std::size_t limit);

 private:
  using Clock = std::chrono::steady_clock;
  UpstreamReply(std::shared_ptr<net::HttpReply> reply, Patience patience, Clock::time_point until)
      : reply_(std::move(reply)), patience_(patience), until_(until) {}

  std::shared_ptr<net::HttpReply> reply_;  ///< shared with the clock of a read()
  Patience patience_;
  Clock::time_point until_;  ///< by when the model must be heard
  bool heard_ = false;
};

/// A server's words as they may be told: one line of at most 200 characters, without `secret`.
[[nodiscard]] std::string told_words(std::string_view words, const std::string& secret);
/// The server's Retry-After, seconds or a date; at least 0.
[[nodiscard]] std::optional<std::chrono::milliseconds> retry_after(const net::HttpHeaders& headers);
/// What the status of an answer that is no reply means: forbidden (401, 402, 403), not_found, too_large (413), busy (429, 503,
/// 529), unavailable for all others.
[[nodiscard]] ErrorCode refusal_code(int status);
/// Whether a refusal's words say that the prompt does not fit the model's context.
[[nodiscard]] bool says_too_long(std::string_view words);

}  // namespace gibsey::provider
