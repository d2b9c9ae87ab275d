#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/experimental/concurrent_channel.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

namespace gibsey::retrieval {

/// Lets one coroutine at a time through, in the order of their coming; the others are suspended, no thread waits. It may be held
/// over a co_await.
class AsyncLock {
 public:
  explicit AsyncLock(boost::asio::any_io_executor executor) : turn_(std::move(executor), 1) {}

  /// The lock, until this is destroyed.
  class Held {
   public:
    explicit Held(AsyncLock& lock) : lock_(&lock) {}
    Held(Held&& other) noexcept : lock_(std::exchange(other.lock_, nullptr)) {}
    Held& operator=(Held&&) = delete;
    ~Held() {
      if (lock_ != nullptr) lock_->turn_.try_receive([](boost::system::error_code) {});
    }

   private:
    AsyncLock* lock_;
  };

  boost::asio::awaitable<Held> take() {
    co_await turn_.async_send(boost::system::error_code(), boost::asio::use_awaitable);
    co_return Held(*this);
  }

 private:
  boost::asio::experimental::concurrent_channel<void(boost::system::error_code)> turn_;
};

}  // namespace gibsey::retrieval
