#pragma once
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <cstddef>
#include <exception>

namespace gibsey::net {

namespace side_by_side_detail {

template <typename Step>
boost::asio::awaitable<void> take_turns(std::size_t& next, std::size_t count, Step& step) {
  while (next < count) {
    const std::size_t i = next++;
    co_await step(i);
  }
}

/// All of it on one strand. (A parallel_group of Boost 1.81 whose operations end on several threads uses itself after it is
/// freed.)
template <typename Step>
boost::asio::awaitable<void> run_on_strand(std::size_t count, std::size_t width, Step& step) {
  namespace asio = boost::asio;
  // Who leaves before the others have ended would take what they use with him.
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  const auto strand = co_await asio::this_coro::executor;
  asio::steady_timer ended(strand, asio::steady_timer::time_point::max());
  std::size_t next = 0;
  std::size_t running = std::min(count, width);
  std::exception_ptr thrown;
  const auto end = [&](std::exception_ptr error) {
    if (error && !thrown) thrown = error;
    if (--running == 0) ended.cancel();
  };
  const std::size_t lanes = running;
  for (std::size_t i = 0; i < lanes; ++i) asio::co_spawn(strand, take_turns(next, count, step), end);
  while (running > 0) co_await ended.async_wait(asio::as_tuple(asio::use_awaitable));
  if (thrown) std::rethrow_exception(thrown);
}

}  // namespace side_by_side_detail

/// Runs `step(0)` to `step(count - 1)`, each an awaitable<void>, at most `width` at a time; ends when all have. They wait side by
/// side and take turns with the processor: none runs beside another. An exception of one is thrown on after all have ended; the
/// caller's cancellation does not reach them.
template <typename Step>
boost::asio::awaitable<void> side_by_side(std::size_t count, std::size_t width, Step step) {
  namespace asio = boost::asio;
  const auto strand = asio::make_strand(co_await asio::this_coro::executor);
  co_await asio::co_spawn(strand, side_by_side_detail::run_on_strand(count, width, step), asio::use_awaitable);
}

}  // namespace gibsey::net
