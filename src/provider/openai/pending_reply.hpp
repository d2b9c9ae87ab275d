#pragma once
#include "provider/upstream_reply.hpp"
#include "provider/wakeup.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <exception>
#include <memory>
#include <optional>

namespace gibsey::provider {

/// A request that is under way until the head of its answer is there. Who waits for it can be let go from any thread, at any
/// time, while its server's name is looked up too, which nothing can break off. The request then goes on by itself until it is
/// stopped by its own token or deadline, and an answer that it still brings is closed unread. (A cancellation_signal is no way:
/// in Boost 1.81 it is not safe through a co_spawn on another strand, which is how net/ sends; impl/co_spawn.hpp posts `this` of
/// a handler that the completion frees.)
class PendingReply : public std::enable_shared_from_this<PendingReply> {
 public:
  using Reply = std::unique_ptr<UpstreamReply>;

  /// Runs `sending`, which must own all that it uses: it may outlive everybody who waits.
  static std::shared_ptr<PendingReply> begin(const boost::asio::any_io_executor& executor,
                                             boost::asio::awaitable<Result<Reply>> sending);
  /// Once. Errors: those of `sending`, deadline (`until` has come), cancelled (given up).
  boost::asio::awaitable<Result<Reply>> wait(std::chrono::steady_clock::time_point until);
  void give_up();

 private:
  PendingReply() = default;
  void settle(std::exception_ptr thrown, Result<Reply> outcome);

  Wakeup wakeup_;
  bool given_up_ = false;
  bool settled_ = false;
  std::exception_ptr thrown_;
  std::optional<Result<Reply>> outcome_;
};

/// Sends and waits for the head until `deadline`. Errors: those of `sending`, deadline.
boost::asio::awaitable<Result<PendingReply::Reply>> reply_by(boost::asio::awaitable<Result<PendingReply::Reply>> sending,
                                                             Deadline deadline);

}  // namespace gibsey::provider
