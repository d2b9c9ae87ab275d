#pragma once
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <vector>

namespace gibsey::net {

namespace side_by_side_detail {

template <typename Step>
boost::asio::awaitable<void> take_turns(std::atomic<std::size_t>& next, std::size_t count, Step& step) {
  for (std::size_t i = next++; i < count; i = next++) co_await step(i);
}

}  // namespace side_by_side_detail

/// Runs `step(0)` to `step(count - 1)`, each an awaitable<void>, at most `width` at a time, on the caller's executor; ends when
/// all have. On an executor of several threads they run on several. An exception of one is thrown on after all have ended.
template <typename Step>
boost::asio::awaitable<void> side_by_side(std::size_t count, std::size_t width, Step step) {
  namespace asio = boost::asio;
  const auto executor = co_await asio::this_coro::executor;
  std::atomic<std::size_t> next = 0;
  const auto begin = [&] { return asio::co_spawn(executor, side_by_side_detail::take_turns(next, count, step), asio::deferred); };
  std::vector<decltype(begin())> turns;
  for (std::size_t i = 0; i < std::min(count, width); ++i) turns.push_back(begin());
  if (turns.empty()) co_return;
  const auto [order, errors] = co_await asio::experimental::make_parallel_group(std::move(turns))
                                   .async_wait(asio::experimental::wait_for_all(), asio::use_awaitable);
  for (const auto& error : errors) {
    if (error) std::rethrow_exception(error);
  }
}

}  // namespace gibsey::net
