#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <functional>
#include <utility>

namespace gibsey::feed {

/// Lets a coroutine go on with a value; called once, from any thread.
template <typename T>
using GoOn = std::move_only_function<void(T)>;

/// Calls `start(GoOn<T>)` and suspends until that is called; resumes on the coroutine's executor, whose context runs until then.
template <typename T, typename Start>
boost::asio::awaitable<T> call_back(Start start) {
  namespace asio = boost::asio;
  const auto initiate = [](auto handler, Start begin) {
    auto executor = asio::any_io_executor(asio::get_associated_executor(handler));
    auto work = asio::prefer(executor, asio::execution::outstanding_work.tracked);
    begin(GoOn<T>([handler = std::move(handler), work = std::move(work)](T value) mutable {
      const auto until_posted = std::move(work);
      asio::post(until_posted,
                 [handler = std::move(handler), value = std::move(value)]() mutable { std::move(handler)(std::move(value)); });
    }));
  };
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>&, void(T)>(initiate, asio::use_awaitable,
                                                                                   std::move(start));
}

}  // namespace gibsey::feed
