#include "chat/running_turn.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/defer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

namespace gibsey::chat {

namespace asio = boost::asio;

asio::awaitable<std::optional<model::NumberedEvent>> RunningTurn::next_after(std::int64_t seq) {
  for (;;) {
    // Asked before the look: what had ended by then has no event that the look could miss.
    const bool ended = last_seq().has_value();
    if (auto events = events_after(seq, 1); !events.empty()) co_return std::move(events.front());
    if (ended) co_return std::nullopt;
    const auto executor = co_await asio::this_coro::executor;
    co_await asio::async_initiate<const asio::use_awaitable_t<>&, void()>(
        [this, seq, executor](auto handler) {
          when_after(seq, [handler = std::move(handler), work = asio::make_work_guard(executor)]() mutable {
            asio::defer(work.get_executor(), std::move(handler));
          });
        },
        asio::use_awaitable);
  }
}

}  // namespace gibsey::chat
