#include "server/turn_stream.hpp"

#include "net/sse.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <optional>
#include <utility>

namespace gibsey::server {
namespace {

namespace asio = boost::asio;

/// Where the next event, the client's leaving and the keep-alive time meet. Shared with a wait for an event that may outlive the
/// stream: a turn need not be able to cancel one.
struct Meeting {
  explicit Meeting(const asio::any_io_executor& executor) : wake(executor) {}
  asio::steady_timer wake;
  bool arrived = false;
  bool left = false;
  std::optional<model::NumberedEvent> event;
  std::exception_ptr failure;
};

void ask_for_event(const asio::any_io_executor& executor, std::shared_ptr<Meeting> meeting,
                   std::shared_ptr<chat::RunningTurn> turn, std::int64_t after_seq) {
  meeting->arrived = false;
  auto waiting = turn->next_after(after_seq);
  // The completion keeps the turn alive while one of its coroutines runs.
  asio::co_spawn(executor, std::move(waiting),
                 [meeting, turn = std::move(turn)](std::exception_ptr failure, std::optional<model::NumberedEvent> event) {
                   meeting->failure = failure;
                   meeting->event = std::move(event);
                   meeting->arrived = true;
                   meeting->wake.cancel();
                 });
}

/// Waits for the event that was asked for; whether the stream goes on.
asio::awaitable<bool> await_event(net::HttpExchange& exchange, Meeting& meeting, std::chrono::milliseconds keep_alive) {
  std::string comment;
  net::append_sse_comment(comment, "");
  while (!meeting.arrived && !meeting.left) {
    boost::system::error_code woken;
    meeting.wake.expires_after(keep_alive);
    co_await meeting.wake.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    if (!woken && !co_await exchange.write(comment)) co_return false;
  }
  if (meeting.left) co_return false;
  if (meeting.failure) std::rethrow_exception(meeting.failure);
  co_return true;
}

}  // namespace

asio::awaitable<void> stream_turn(net::HttpExchange& exchange, std::shared_ptr<chat::RunningTurn> turn, std::int64_t after_seq,
                                  std::chrono::milliseconds keep_alive, EncodeEvent encode) {
  const auto executor = co_await asio::this_coro::executor;
  const auto meeting = std::make_shared<Meeting>(executor);
  exchange.on_client_left([meeting] {
    meeting->left = true;
    meeting->wake.cancel();
  });
  std::string out;
  for (auto seq = after_seq;;) {
    ask_for_event(executor, meeting, turn, seq);
    if (!co_await await_event(exchange, *meeting, keep_alive)) co_return;
    if (!meeting->event) break;
    seq = meeting->event->seq;
    out.clear();
    encode(out, meeting->event->event, turn->turn_id() + ":" + std::to_string(seq));
    if (!co_await exchange.write(out)) co_return;
  }
  co_await exchange.end_stream();
}

net::HttpHeaders stream_headers(const std::string& turn_id) {
  net::HttpHeaders headers{
      {"Content-Type", "text/event-stream"}, {"Cache-Control", "no-cache, no-transform"}, {"X-Accel-Buffering", "no"}};
  if (!turn_id.empty()) headers.add("X-Gibsey-Turn", turn_id);
  return headers;
}

}  // namespace gibsey::server
