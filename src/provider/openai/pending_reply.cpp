#include "provider/openai/pending_reply.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>

#include <utility>

namespace gibsey::provider {

namespace asio = boost::asio;

std::shared_ptr<PendingReply> PendingReply::begin(const asio::any_io_executor& executor, asio::awaitable<Result<Reply>> sending) {
  const std::shared_ptr<PendingReply> pending(new PendingReply());
  asio::co_spawn(executor, std::move(sending), [pending](std::exception_ptr thrown, Result<Reply> outcome) {
    pending->settle(std::move(thrown), std::move(outcome));
  });
  return pending;
}

void PendingReply::settle(std::exception_ptr thrown, Result<Reply> outcome) {
  const std::lock_guard lock(wakeup_.mutex());
  settled_ = true;
  if (given_up_) return;
  thrown_ = std::move(thrown);
  outcome_ = std::move(outcome);
  wakeup_.notify();
}

void PendingReply::give_up() {
  const std::lock_guard lock(wakeup_.mutex());
  given_up_ = true;
  wakeup_.notify();
}

asio::awaitable<Result<PendingReply::Reply>> PendingReply::wait(std::chrono::steady_clock::time_point until) {
  const auto self = shared_from_this();
  co_await wakeup_.wait([this] { return given_up_ || settled_; }, until);
  std::optional<Result<Reply>> outcome;
  {
    const std::lock_guard lock(wakeup_.mutex());
    if (thrown_) std::rethrow_exception(thrown_);
    if (given_up_) co_return fail(ErrorCode::cancelled, "the request was given up");
    outcome = std::exchange(outcome_, std::nullopt);
    given_up_ = true;  // what comes now comes too late
  }
  if (outcome) co_return *std::move(outcome);
  co_return fail(ErrorCode::deadline, "the model server did not answer in time");
}

asio::awaitable<Result<PendingReply::Reply>> reply_by(asio::awaitable<Result<PendingReply::Reply>> sending, Deadline deadline) {
  const auto pending = PendingReply::begin(co_await asio::this_coro::executor, std::move(sending));
  co_return co_await pending->wait(deadline.at());
}

}  // namespace gibsey::provider
