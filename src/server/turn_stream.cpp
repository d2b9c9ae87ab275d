#include "server/turn_stream.hpp"

#include "net/sse.hpp"
#include "net/timeout.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/defer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace gibsey::server {
namespace {

namespace asio = boost::asio;

/// Events that are written at once, at most: a reader who comes late gets the talk so far in few pieces.
constexpr std::size_t kEventsAtOnce = 64;

/// A stream's memory for the next events: most are tokens, but the first of a turn are long.
constexpr std::size_t kKept = 1024;

/// Where the next event, the client's leaving and the keep-alive time meet. Shared with the turn, which may tell of an event
/// after the stream is over. Used on the stream's executor, a strand.
class Meeting : public std::enable_shared_from_this<Meeting> {
 public:
  enum class News { events, quiet, left };

  explicit Meeting(asio::any_io_executor executor) : executor_(std::move(executor)), quiet_(executor_, [this] { wake(); }) {}

  void leave() {
    left_ = true;
    wake();
  }
  [[nodiscard]] bool left() const { return left_; }

  /// Until what was asked for is there, the client has left, or `keep_alive` is over.
  asio::awaitable<News> wait(std::chrono::milliseconds keep_alive) {
    quiet_.start(keep_alive);
    if (!left_ && !arrived_) co_await suspend();
    quiet_.stop();
    if (left_) co_return News::left;
    co_return std::exchange(arrived_, false) ? News::events : News::quiet;
  }

  /// Asks the turn to tell of what follows `seq`.
  void ask(chat::RunningTurn& turn, std::int64_t seq) {
    // Deferred, so that the thread that appended the event takes it on to its reader, and no other is woken for it.
    // It dies on the stream's executor, too, whoever is the last to know it.
    turn.when_after(seq, [self = shared_from_this()]() mutable {
      const auto executor = self->executor_;
      asio::defer(executor, [self = std::move(self)] {
        self->arrived_ = true;
        self->wake();
      });
    });
  }

 private:
  asio::awaitable<void> suspend() {
    return asio::async_initiate<const asio::use_awaitable_t<>&, void()>(
        [this](auto handler) {
          resume_ = [handler = std::move(handler), work = asio::make_work_guard(executor_)]() mutable { std::move(handler)(); };
        },
        asio::use_awaitable);
  }

  void wake() {
    if (auto resume = std::exchange(resume_, nullptr)) resume();
  }

  asio::any_io_executor executor_;
  net::Timeout quiet_;
  bool arrived_ = false;
  bool left_ = false;
  std::move_only_function<void()> resume_;  ///< the stream, while it waits
};

/// Waits until there is an event after `seq` or none will follow; whether the stream goes on.
asio::awaitable<bool> await_events(net::HttpExchange& exchange, Meeting& meeting, chat::RunningTurn& turn, std::int64_t seq,
                                   std::chrono::milliseconds keep_alive) {
  meeting.ask(turn, seq);
  for (;;) {
    const auto news = co_await meeting.wait(keep_alive);
    if (news != Meeting::News::quiet) co_return news == Meeting::News::events;
    std::string comment;
    net::append_sse_comment(comment, "");
    if (!co_await exchange.write(comment)) co_return false;
  }
}

}  // namespace

asio::awaitable<void> stream_turn(net::HttpExchange& exchange, std::shared_ptr<chat::RunningTurn> turn, std::int64_t after_seq,
                                  std::chrono::milliseconds keep_alive, EncodeEvent encode) {
  const auto meeting = std::make_shared<Meeting>(co_await asio::this_coro::executor);
  exchange.on_client_left([meeting] { meeting->leave(); });
  std::string out;
  for (auto seq = after_seq;;) {
    // Asked before the look: what had ended by then has no event that the look could miss.
    const bool ended = turn->last_seq().has_value();
    auto events = turn->events_after(seq, kEventsAtOnce);
    if (events.empty() && ended) break;
    if (events.empty()) {
      if (!co_await await_events(exchange, *meeting, *turn, seq, keep_alive)) co_return;
      continue;
    }
    seq = events.back().seq;
    for (const auto& event : events) encode(out, event.event, turn->turn_id() + ":" + std::to_string(event.seq));
    events = {};
    if (!out.empty() && !co_await exchange.write(out)) co_return;
    if (meeting->left()) co_return;
    out.clear();
    if (out.capacity() > kKept) out.shrink_to_fit();
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
